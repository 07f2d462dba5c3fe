# The commands of Glassbox, for machines that have Deno, or only Node.js with npm: then npx fetches Deno.

DENO := $(shell command -v deno >/dev/null 2>&1 && echo deno || echo npx --yes deno@2.9.6)

HOST  ?=
PORT  ?=
ROOT  ?=
FLAGS ?=

.PHONY: help start tree look diff verify gc import export samples test lessons spec rule try exercise blanking crash-drill conformance clients cluster page bench preflight passwords bundle clean

help:
	@echo 'make start [PORT=5080] [ROOT=testdata] [HOST=127.0.0.1] [FLAGS="--no-delete …"]'
	@echo 'make tree | verify | gc [ROOT=testdata] [FLAGS="--json …"]'
	@echo 'make look FLAGS="library/hello:v1"   and make diff FLAGS="library/hello:v1 library/hello:v2"'
	@echo 'make import FLAGS="hello.tar library/hello:v1"   and make export FLAGS="library/hello:v1 hello.tar"'
	@echo 'make samples FLAGS="hello"   pushes small images to look at; without FLAGS all of them'
	@echo 'make test'
	@echo 'make spec | blanking | crash-drill | conformance | clients | cluster | page | bench [FLAGS="--help …"]'
	@echo 'make rule ID=PUSH-CANCEL-01   shows a rule of the spec, its sources and its tests'
	@echo 'make try FILE=src/push/cancel_a_blob_upload.ts   runs its tests, and again after each change'
	@echo 'make exercise [NAME=range]   lists the exercises, or takes a function away and runs its tests after each change'
	@echo 'make preflight [FLAGS="--registry http://192.168.1.20:5080"]   tells what a laptop lacks for a workshop'
	@echo 'make passwords FLAGS="teacher ana ben"   makes passwords for a class'
	@echo 'make bundle [FLAGS="--only linux-x64"]   packs everything for a workshop without a network'
	@echo 'make clean      empties testdata/'

# A signal that stops npx also ends npx by that signal, and make would report that as an error. So the shell stays between
# them, passes the signal on, and prints nothing about it.
start:
	@$(DENO) task start $(if $(HOST),--host '$(HOST)') $(if $(PORT),--port '$(PORT)') $(if $(ROOT),--root '$(ROOT)') $(FLAGS) & registry=$$!; \
	exec 2>/dev/null; trap 'stopped=yes; kill $$registry' INT TERM; \
	wait $$registry; status=$$?; \
	while kill -0 $$registry; do wait $$registry; done; \
	[ -n "$$stopped" ] || exit $$status

import tree look diff verify gc export samples:
	@$(DENO) task $@ $(if $(ROOT),--root '$(ROOT)') $(FLAGS)

test:
	@$(DENO) task $@

lessons spec blanking crash-drill conformance clients cluster page bench preflight passwords bundle:
	@$(DENO) task $@ $(FLAGS)

rule:
	@$(DENO) task rule $(ID)

try:
	@$(DENO) task try $(if $(FILE),'$(FILE)')

exercise:
	@$(DENO) task exercise $(NAME) $(FLAGS)

clean:
	find testdata -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +
