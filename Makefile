# What Glassbox can do, for machines that have Deno, or only Node.js with npm: then npx fetches Deno.

DENO := $(shell command -v deno >/dev/null 2>&1 && echo deno || echo npx --yes deno@2.9.6)

HOST  ?= 127.0.0.1
PORT  ?= 5080
ROOT  ?= testdata
FLAGS ?=

.PHONY: help start test spec conformance clients bench clean

help:
	@echo 'make start [PORT=5080] [ROOT=testdata] [HOST=127.0.0.1] [FLAGS="--no-delete …"]'
	@echo 'make test | spec | conformance | clients | bench'
	@echo 'make clean      empties testdata/'

# The last command of the recipe takes the place of the shell, so that a signal to make reaches it directly.
start:
	@exec $(DENO) task start --host '$(HOST)' --port '$(PORT)' --root '$(ROOT)' $(FLAGS)

test spec conformance clients bench:
	@$(DENO) task $@

clean:
	find testdata -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +
