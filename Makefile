# The two commands of the README. Each does all its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint clean
.DELETE_ON_ERROR:

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "shiftlens needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/ready
	$(BIN)/shiftlens synth parts:osaka -n 120 --seed 1 -o demo-images/development
	$(BIN)/shiftlens synth parts:matsuyama -n 120 --seed 2 -o demo-images/site
	$(BIN)/shiftlens compare 'demo-images/development/test?note=synthetic' 'demo-images/site/test?note=synthetic' \
		--repair matsuyama-to-osaka --out demo-report
	@echo "Open demo-report/report.html"

lint: $(VENV)/ready
	mkdir -p .link && ln -sfn .. .link/shiftlens
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	MYPYPATH=.link $(BIN)/mypy -p shiftlens
	$(BIN)/lint-imports
	$(BIN)/python docs/layout.py

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadgroup  # tests side by side: one thread of torch each

clean:
	rm -rf $(VENV) .link build dist *.egg-info demo-images demo-report
