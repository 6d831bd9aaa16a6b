GO  ?= go
SAM ?= sam
# The functions' processor: arm64 or x86_64.
ARCH ?= arm64
# How long each fuzz target runs: a time, or a number of inputs as in 30000x.
FUZZTIME ?= 20s
# Which environment of samconfig.toml is deployed: dev or prod.
ENV = dev
# What starts DynamoDB Local in the foreground on $ADDRESS:$PORT, for the tests that need it.
DYNAMODB_LOCAL ?= docker run --rm -p $$ADDRESS:$$PORT:8000 amazon/dynamodb-local \
	-jar DynamoDBLocal.jar -inMemory -sharedDb
# What starts moto's server, which plays AWS, likewise: pip install 'moto[server]==5.2.5'.
MOTO ?= moto_server -H $$ADDRESS -p $$PORT

GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# How the functions are built. Without CGO_ENABLED=0, a build for this machine's own processor links its libc, which
# Lambda may not have; lambda.norpc leaves out what only the retired go1.x runtime used.
BUILD := CGO_ENABLED=0 GOFLAGS="$$($(GO) env GOFLAGS) -trimpath '-ldflags=-s -w' -tags=lambda.norpc"

# Both come from pip: cfn-lint (with cfn-lint-serverless) and checkov.
CFN_LINT ?= cfn-lint
CHECKOV  ?= checkov

export SAM_CLI_TELEMETRY ?= 0
# A program does not name the commit that it was built from: git tells nothing in a checkout that belongs to another
# user, and Go then builds nothing.
export GOFLAGS := $(shell $(GO) env GOFLAGS) -buildvcs=false
export GO SAM DYNAMODB_LOCAL MOTO

.DEFAULT_GOAL := help
.PHONY: help run command test lint lint-template vulnerabilities fmt bench fuzz events build deploy logs
.PHONY: load sam-local test-dynamodb test-aws test-stack test-sam-local test-browser

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "%-14s %s\n", $$1, $$2 }'

run: command ## the account on this machine, with a simulated platform: the console
	bin/guanzhu console

command: ## the command line, bin/guanzhu
	$(GO) build -o bin/guanzhu ./cmd/guanzhu

# The race detector needs a C compiler; Go alone is enough for the rest.
test: ## vet and all tests that need nothing but Go
	$(GO) vet ./...
	@if $(GO) build -race runtime/cgo 2>/dev/null; then set -- -race; else set --; \
		echo "No race detector here (it needs a C compiler and cgo): testing without -race."; fi; \
	set -- $(GO) test "$$@" -shuffle=on ./...; echo "$$@"; "$$@"
	@echo "Not run here: DynamoDB (make test-dynamodb), AWS (make test-aws), the real stack (make test-stack, make test-sam-local), Chromium (make test-browser), fuzzing (make fuzz), make lint."

lint: ## golangci-lint, staticcheck included
	$(GO) run $(GOLANGCI_LINT) run ./...

# X-Ray, which the first rule wants, is not there in China. The second one does not know LoggingConfig, by which each
# function names its log group; test/stack looks at that. ES1007 and ES4000 want a place for events of the schedule that
# failed: nobody would look there, and the next run, five minutes later, does what the failed one has not done.
lint-template: ## sam validate, cfn-lint in four regions and checkov on template.yaml
	$(SAM) validate --lint
	$(CFN_LINT) --append-rules cfn_lint_serverless.rules --ignore-checks WS1000 WS1004 ES1007 ES4000
	$(CHECKOV)

vulnerabilities: ## known vulnerabilities that the code reaches, from vuln.go.dev
	$(GO) run $(GOVULNCHECK) ./...
	cd test/browser && $(GO) run $(GOVULNCHECK) ./...

fmt: ## format the Go code
	$(GO) run $(GOLANGCI_LINT) fmt ./...

bench: ## all benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) test -run '^$$' -bench Pass -benchtime 1x -timeout 1h ./internal/reconcile -followers 1000000

load: ## push to the local server at a rising rate, on this machine alone, and check what it stored
	$(GO) run ./test/load

# go test fuzzes one target of one package at a time.
fuzz: ## a short run of each fuzz target (FUZZTIME=20s)
	@targets=$$(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed -E 's/:[0-9]+:func /:/'); \
	[ -n "$$targets" ] || { echo "no fuzz targets found"; exit 1; }; \
	for target in $$targets; do \
		set -- $(GO) test -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$${target%%:*}")"; \
		echo "$$@"; "$$@" || exit 1; \
	done

events: ## generate events/NAME.json from events/NAME.xml, and docs/pushes.md from the source
	$(GO) test ./events -update
	$(GO) test ./pkg/wechat -run TestPushesDoc -update

# The SAM CLI hides what the compiler says, so the compiler is asked first.
build: ## the functions for Lambda, into .aws-sam/build (ARCH=arm64)
	$(BUILD) GOOS=linux GOARCH=$(ARCH:x86_64=amd64) $(GO) build -o /dev/null ./functions/...
	$(BUILD) $(SAM) build --parameter-overrides Architecture=$(ARCH)

# The processor is that of the environment in samconfig.toml, for sam build as for sam deploy; ARCH is not read. What
# samconfig.toml does not state the stack would keep, so it is refused.
deploy: ## build and deploy the stack of an environment in samconfig.toml (ENV=dev or ENV=prod)
	$(BUILD) GOOS=linux $(GO) build -o /dev/null ./functions/...
	$(BUILD) $(SAM) build --config-env $(ENV)
	$(GO) run ./test/stack/samconfig $(ENV) .aws-sam/build
	$(SAM) deploy --config-env $(ENV)

logs: command ## follow what the functions of a deployed stack log, one line a push (ENV=dev or ENV=prod)
	$(SAM) logs --config-env $(ENV) --tail --output json | bin/guanzhu logs

sam-local: ## the functions in containers, with DynamoDB Local and a simulated platform (needs Docker and the SAM CLI)
	test/stack/sam-local

test-dynamodb: ## the store's suite on DynamoDB Local (GUANZHU_TEST_DYNAMODB, or else DYNAMODB_LOCAL starts one)
	test/with-server GUANZHU_TEST_DYNAMODB DYNAMODB_LOCAL $(GO) test -count=1 ./internal/dynamostore ./test/localdb

test-aws: ## the command line against moto's server (GUANZHU_TEST_AWS, or else MOTO starts one)
	GUANZHU_SAM="$${GUANZHU_SAM-$$(command -v $(SAM))}" test/with-server GUANZHU_TEST_AWS MOTO \
		$(GO) test -count=1 -timeout 20m ./test/aws

test-stack: ## the stack in AWS's emulators: template, runtime (GUANZHU_RIE), DynamoDB Local
	GUANZHU_SAM="$${GUANZHU_SAM-$$(command -v $(SAM))}" test/with-server GUANZHU_TEST_DYNAMODB DYNAMODB_LOCAL \
		$(GO) test -count=1 -v -timeout 20m -skip SamLocal ./test/stack ./test/stack/samconfig

# A module of its own, for what drives the browser.
test-browser: ## the follower's pages in Chromium, at a phone's size
	cd test/browser && $(GO) vet ./... && $(GO) test -count=1 ./...

test-sam-local: ## every sample of events/ through sam local
	test/stack/sam-local $(GO) test -count=1 -v -run SamLocal ./test/stack
