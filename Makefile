GO  ?= go
SAM ?= sam
# The functions' processor: arm64 or x86_64.
ARCH ?= arm64
# How long each fuzz target runs: a time, or a number of inputs as in 30000x.
FUZZTIME ?= 20s
# What starts DynamoDB Local in the foreground on port $PORT, for the tests that need it.
DYNAMODB_LOCAL ?= docker run --rm -p 127.0.0.1:$$PORT:8000 amazon/dynamodb-local \
	-jar DynamoDBLocal.jar -inMemory -sharedDb

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# How the functions are built. Without CGO_ENABLED=0, a build for this machine's own processor links its libc, which
# Lambda may not have; lambda.norpc leaves out what only the retired go1.x runtime used.
BUILD := CGO_ENABLED=0 GOFLAGS="$$($(GO) env GOFLAGS) -trimpath '-ldflags=-s -w' -tags=lambda.norpc"

export SAM_CLI_TELEMETRY ?= 0
export DYNAMODB_LOCAL

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench fuzz events build test-dynamodb test-stack

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "%-14s %s\n", $$1, $$2 }'

run: ## the account on this machine, with a simulated platform: the console
	$(GO) build -o bin/guanzhu ./cmd/guanzhu
	bin/guanzhu console

# The race detector needs a C compiler; Go alone is enough for the rest.
test: ## vet and all tests that need nothing but Go
	$(GO) vet ./...
	@if $(GO) build -race runtime/cgo 2>/dev/null; then set -- -race; else set --; \
		echo "No race detector here (it needs a C compiler and cgo): testing without -race."; fi; \
	set -- $(GO) test "$$@" -shuffle=on ./...; echo "$$@"; "$$@"
	@echo "Not run here: DynamoDB (make test-dynamodb), the real stack (make test-stack), fuzzing (make fuzz), make lint."

lint: ## golangci-lint, staticcheck included
	$(GO) run $(GOLANGCI_LINT) run ./...

fmt: ## format the Go code
	$(GO) run $(GOLANGCI_LINT) fmt ./...

bench: ## all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

# go test fuzzes one target of one package at a time.
fuzz: ## a short run of each fuzz target (FUZZTIME=20s)
	@targets=$$(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed -E 's/:[0-9]+:func /:/'); \
	[ -n "$$targets" ] || { echo "no fuzz targets found"; exit 1; }; \
	for target in $$targets; do \
		set -- $(GO) test -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$${target%%:*}")"; \
		echo "$$@"; "$$@" || exit 1; \
	done

events: ## make events/NAME.json anew from events/NAME.xml
	$(GO) test ./events -update

# The SAM CLI hides what the compiler says, so the compiler is asked first.
build: ## the functions for Lambda, into .aws-sam/build (ARCH=arm64)
	$(BUILD) GOOS=linux GOARCH=$(ARCH:x86_64=amd64) $(GO) build -o /dev/null ./functions/...
	$(BUILD) $(SAM) build --parameter-overrides Architecture=$(ARCH)

test-dynamodb: ## the store's suite on DynamoDB Local (GUANZHU_TEST_DYNAMODB, or else DYNAMODB_LOCAL starts one)
	test/stack/with-dynamodb $(GO) test -count=1 ./pkg/dynamostore

test-stack: ## the built functions in AWS's emulators (GUANZHU_RIE, GUANZHU_SAM, Docker)
	GUANZHU_SAM="$${GUANZHU_SAM-$$(command -v $(SAM))}" test/stack/with-dynamodb \
		$(GO) test -count=1 -v -timeout 20m ./test/stack
