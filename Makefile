# Every target creates .venv when it is missing and reuses it afterwards.
BIN   := .venv/bin
UV     = $(BIN)/uv pip install -q --python $(BIN)/python
TORCH := torch==2.13.0
JOBS  ?= $(shell nproc 2>/dev/null || echo 1)

.PHONY: setup figure reproduce panel pictures film notebooks docs report test format bench constraints clean

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	python3 -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
# The CPU build of torch, first: a wheel in pip's own folder if there is one, else by download.
	$(UV) --no-index --no-deps --find-links "$${PIP_FIND_LINKS:-.}" $(TORCH) \
	  || $(UV) --torch-backend=cpu $(TORCH)
	$(UV) --no-sources -c constraints.txt -e '.[dev]'
	touch $@

figure: setup
	$(BIN)/straggler figure 1 --quick --jobs $(JOBS)

FIGURES := 1 2 3 4 5 6 7 8 9 10 ten-worlds heavy-tails failures crossover network longer-worlds no-flag decay baseline gallery
# Their runs are still to be made.
PENDING := no-flag

# All figures from nothing, for hours; resumable. Compact results go to results/ as each is done.
reproduce: setup
	$(BIN)/straggler figure $(FIGURES) --dry-run --jobs $(JOBS)
	for name in $(FIGURES); do \
	  $(BIN)/straggler figure $$name --jobs $(JOBS) --processes-per-run 1 --save results \
	    || [ $$? = 1 ] || exit; done

# One scenario of the library from nothing, as in `make panel NAME=figure1c`, for hours; resumable.
# If it has a [tune], it is tuned in next/ first (see next/README.md), unless next/ has its tuning.
FILE = $(firstword $(wildcard next/$(NAME).toml scenarios/library/*/$(NAME).toml))
LIBRARY_FILE = $(firstword $(wildcard scenarios/library/*/$(NAME).toml) scenarios/library/beyond/$(NAME).toml)
panel: setup
	@[ -n "$(FILE)" ] || { echo "make panel: NAME=$(NAME): no such scenario in next/ or scenarios/library/"; exit 2; }
	[ -f next/$(NAME).csv ] || ! grep -q '^\[tune\]' $(FILE) || { \
	  $(BIN)/straggler tune $(FILE) --dry-run --jobs $(JOBS) && \
	  $(BIN)/straggler tune $(FILE) --jobs $(JOBS) --write $(FILE) --force --csv > .venv/$(NAME).csv && \
	  mv .venv/$(NAME).csv next/$(NAME).csv; }
	[ ! -f next/$(NAME).toml ] || mv next/$(NAME).toml $(LIBRARY_FILE)
	$(BIN)/straggler run $(NAME) --jobs $(JOBS) --processes-per-run 1 --save results
	[ ! -f next/$(NAME).csv ] || mv next/$(NAME).csv results/tuning/

# The film of the documentation: three runs of Humanoid-v4, then OpenGL without a screen.
FILM = $(BIN)/straggler watch runs/humanoids --at 0,1500,3000 \
  --method rennala-nigt --method synchronous-nigt --method afedpg

film: setup
	$(BIN)/straggler run humanoids --jobs $(JOBS)
	$(FILM) --size 160 --fps 10 --seconds 4 -o docs/figures/film.gif
	$(FILM) --size 240 -o docs/figures/film.png

# All pictures of the documentation from results/, in seconds.
pictures: setup
	for name in $(filter-out $(PENDING),$(FIGURES)); do $(BIN)/straggler figure $$name --from results || exit; done
	mkdir -p docs/figures && cp figures/*.png docs/figures/

# The documentation as a site; a warning or a broken link is an error.
docs: .venv/docs
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	@echo "written: build/docs/index.html"

.venv/docs: .venv/ready
	$(UV) --no-sources -c constraints.txt -e '.[docs]'
	touch $@

# The report of figure 1 in the documentation.
report: setup
	$(BIN)/straggler report results/figure1a.parquet results/figure1b.parquet results/figure1c.parquet \
	  --title "Figure 1: ten humanoids on three clusters" --claim rennala-nigt -o docs/figure1.html

# Types are checked beside the tests; these wait for processes and clocks now and then, so there is
# one tester more than there are cores. Bytecode is kept, since some tests start processes; NumPy has
# one thread, since all cores are busy.
test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@testers=$$(($(JOBS) + 1)); echo "$(BIN)/mypy & $(BIN)/pytest -n $$testers --dist worksteal"; \
	$(BIN)/mypy > .venv/mypy 2>&1 & types=$$!; \
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
	    $(BIN)/pytest -n $$testers --dist worksteal; tests=$$?; \
	wait $$types; types=$$?; cat .venv/mypy; exit $$((tests | types))

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Opens the lessons in Jupyter; what their cells say is there already.
notebooks: setup
	$(UV) --no-sources -c constraints.txt -e '.[notebooks]'
	cd notebooks && ../$(BIN)/jupyter lab

bench: setup
	$(UV) --no-sources -c constraints.txt -e '.[bench]'
	for what in events rollouts methods; do $(BIN)/straggler bench $$what --json bench-$$what.json; done

constraints: setup
	$(BIN)/uv pip compile -q --universal --no-sources --extra dev --extra bench --extra docs --extra notebooks --python-version 3.11 \
	  --no-emit-package torch --no-annotate --no-header pyproject.toml \
	  | grep -vE '^(torch|triton|cuda-|nvidia-)' > constraints.txt

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
