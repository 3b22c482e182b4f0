# The app alone. `docker compose up --build` starts it on http://127.0.0.1:8501.
# `python -m tests.container` carries these steps out on a machine without Docker: keep to what it reads.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.txt requirements.txt
RUN python -m venv /venv
RUN /venv/bin/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes --requirement requirements.txt

FROM python:3.11-slim
COPY --from=packages /venv /venv
WORKDIR /app
COPY .streamlit .streamlit
COPY streamlit_app.py streamlit_app.py
COPY core core
COPY models models
COPY pages pages
COPY data data
RUN mkdir -p data/runtime data/inbox && chown 10001:10001 data/runtime data/inbox
VOLUME ["/app/data/runtime", "/app/data/inbox"]

# Whoever may reach the app is decided where its port is published: compose.yaml does so on this machine alone.
ENV STREAMLIT_SERVER_ADDRESS=0.0.0.0
ENV STREAMLIT_SERVER_PORT=8501
ENV HOME=/tmp
EXPOSE 8501
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["/venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health')"]
CMD ["/venv/bin/streamlit", "run", "streamlit_app.py"]
