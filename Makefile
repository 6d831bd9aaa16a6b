GO  ?= go
SAM ?= sam
# The functions' processor: arm64 or x86_64.
ARCH ?= arm64
# How long each fuzz target runs: a time, or a number of inputs as in 30000x.
FUZZTIME ?= 20s
# The folder in which build leaves the functions.
BUILD_DIR = .aws-sam/build
# The function that bootstrap builds, and its program.
FUNCTION = webhook
BOOTSTRAP = bin/bootstrap
# The address of the console's page; the account answers at the next port.
ADDR =
# The environment of samconfig.toml to deploy: dev or prod.
ENV = dev
# The command that runs DynamoDB Local in the foreground on $ADDRESS:$PORT, for the tests that need it.
DYNAMODB_LOCAL ?= docker run --rm -p $$ADDRESS:$$PORT:8000 amazon/dynamodb-local \
	-jar DynamoDBLocal.jar -inMemory -sharedDb
# The same for moto's server, a simulated AWS: pip install 'moto[server]==5.2.5'.
MOTO ?= moto_server -H $$ADDRESS -p $$PORT

GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The environment in which the functions are built. Without CGO_ENABLED=0, a build for this machine's processor links its libc,
# which Lambda may not have. The tags leave out code for the retired go1.x runtime, HTTP/2, which the functions do not speak
# (internal/transport), and the parser of account.yaml (internal/compiled).
BUILD := CGO_ENABLED=0 GOFLAGS="$$($(GO) env GOFLAGS) -trimpath '-ldflags=-s -w' -tags=lambda.norpc,nethttpomithttp2,compiled"

# Install both with pip: cfn-lint (with cfn-lint-serverless) and checkov.
CFN_LINT ?= cfn-lint
CHECKOV  ?= checkov

export SAM_CLI_TELEMETRY ?= 0
# Programs do not contain the commit that they were built from: in a checkout of another user, git refuses to tell it, and Go
# then refuses to build.
export GOFLAGS := $(shell $(GO) env GOFLAGS) -buildvcs=false
# How many stories each random test tells, and the seed of the first one.
export RAPID_CHECKS ?= 100
ifndef RAPID_SEED
RAPID_SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif
export RAPID_SEED
TELLS = Random tests: $(RAPID_CHECKS) stories each, RAPID_SEED=$(RAPID_SEED)
export GO SAM DYNAMODB_LOCAL MOTO

.DEFAULT_GOAL := help
.PHONY: help run command test test-owner model lint lint-template vulnerabilities fmt bench fuzz events compile bootstrap build deploy logs
.PHONY: load sam-local test-dynamodb test-aws test-stack test-sam-local test-browser

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "%-15s %s\n", $$1, $$2 }'

run: command ## run the account on this machine, with a simulated platform (ADDR=127.0.0.1:8080)
	bin/guanzhu console $(if $(ADDR),--addr $(ADDR))

command: ## build the command line, bin/guanzhu
	$(GO) build -o bin/guanzhu ./cmd/guanzhu

# The race detector needs a C compiler; Go alone is enough for the rest. With it in GOFLAGS, what tests build is built as they
# are. go test runs all of go vet: by itself, that would compile every dependency a second time, without -race. Each program
# with -race would sleep for a second at its end. Without debug information, which tests do not read, and with fewer garbage
# collections, compiling takes three quarters of its time.
RACE := -race -gcflags=all=-dwarf=false
test: ## vet, and all tests that need only Go
	@export GOGC="$${GOGC-400}"; if $(GO) build $(RACE) runtime/cgo 2>/dev/null; then \
		GOFLAGS="$$GOFLAGS $(RACE)"; export GORACE="$${GORACE-atexit_sleep_ms=50}"; else \
		echo "No race detector here (it needs a C compiler and cgo): testing without -race."; fi; \
	set -- $(GO) test -vet=all -shuffle=on ./...; \
	echo "$(TELLS)"; echo "GOFLAGS='$$GOFLAGS' $$*"; "$$@"
	@echo "Not run here: DynamoDB (make test-dynamodb), AWS (make test-aws), the real stack (make test-stack, make test-sam-local), Chromium (make test-browser), fuzzing (make fuzz), another owner's account (make test-owner), the model (make model), make lint."

test-owner: ## the same on a copy of this tree with the account/ folder of another owner
	@echo "$(TELLS)"
	test/owner/check

model: ## check the model of the delivery rule exhaustively (apt-get install spin gcc)
	test/model/check

lint: ## golangci-lint, with staticcheck
	$(GO) run $(GOLANGCI_LINT) run ./...

# WS1000 requires X-Ray, which China does not have. WS1004 does not know LoggingConfig, by which each function names its log
# group; test/stack checks that. ES1007 and ES4000 require a queue for failed events of the schedule. Nobody would read it, and
# the next run, five minutes later, does what the failed one left.
lint-template: ## sam validate, cfn-lint in four regions and checkov on template.yaml
	$(SAM) validate --lint
	$(CFN_LINT) --append-rules cfn_lint_serverless.rules --ignore-checks WS1000 WS1004 ES1007 ES4000
	$(CHECKOV)

vulnerabilities: ## check the code for known vulnerabilities of vuln.go.dev
	$(GO) run $(GOVULNCHECK) ./...
	cd test/browser && $(GO) run $(GOVULNCHECK) ./...

fmt: ## format the Go code
	$(GO) run $(GOLANGCI_LINT) fmt ./...

# The comparison is a module of its own, so that what Guanzhu is compared with is not among its dependencies.
bench: ## run all benchmarks, and compare with others (GUANZHU_RIE and DYNAMODB_LOCAL for the functions' start)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	cd bench && $(GO) vet ./... && if [ -n "$$GUANZHU_RIE" ]; then set -- ../test/with-server GUANZHU_TEST_DYNAMODB DYNAMODB_LOCAL; \
		else set --; fi && "$$@" $(GO) run .
	$(GO) test -run '^$$' -bench Pass -benchtime 1x -timeout 1h ./internal/reconcile -followers 1000000

load: ## push to a local server at a rising rate, and check what it stores
	$(GO) run ./test/load

# go test fuzzes one target of one package at a time.
fuzz: ## run each fuzz target for a short time (FUZZTIME=20s)
	@targets=$$(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed -E 's/:[0-9]+:func /:/'); \
	[ -n "$$targets" ] || { echo "no fuzz targets found"; exit 1; }; \
	for target in $$targets; do \
		set -- $(GO) test -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$${target%%:*}")"; \
		echo "$$@"; "$$@" || exit 1; \
	done

events: ## generate events/NAME.json from events/NAME.xml, and docs/pushes.md from the source
	$(GO) test ./events -update
	$(GO) test ./pkg/wechat -run TestPushesDoc -update

# A mistake in account.yaml stops the build here.
compile: ## write account.yaml as Go source, for the functions
	GOOS= GOARCH= $(GO) run ./internal/compile

# Tests and benchmarks run what is built as the functions are deployed.
bootstrap: compile ## build one function for this machine (FUNCTION=webhook BOOTSTRAP=bin/bootstrap)
	$(BUILD) $(GO) build -o $(BOOTSTRAP) ./functions/$(FUNCTION)

# The SAM CLI hides the compiler's messages, so Go builds first.
build: compile ## build the functions for Lambda into .aws-sam/build (ARCH=arm64)
	$(BUILD) GOOS=linux GOARCH=$(ARCH:x86_64=amd64) $(GO) build -o /dev/null ./functions/...
	$(BUILD) $(SAM) build --build-dir $(BUILD_DIR) --parameter-overrides Architecture=$(ARCH)

# sam build and sam deploy use the processor of the environment in samconfig.toml; ARCH is not used. A parameter that is missing
# in samconfig.toml is refused, because the stack would keep its value.
deploy: compile ## build and deploy an environment of samconfig.toml (ENV=dev or ENV=prod)
	$(BUILD) GOOS=linux $(GO) build -o /dev/null ./functions/...
	$(BUILD) $(SAM) build --config-env $(ENV)
	$(GO) run ./test/stack/samconfig $(ENV) .aws-sam/build
	$(SAM) deploy --config-env $(ENV)

# pipefail, which not every sh has: if sam logs fails, make fails.
logs: command ## follow the log of a deployed stack, one line a push (ENV=dev or ENV=prod)
	@bash -o pipefail -c '$(SAM) logs --config-env $(ENV) --tail --output json | bin/guanzhu logs' || { \
		echo "make logs: $(SAM) logs has failed. Install the SAM CLI, sign in to AWS, and deploy the stack of samconfig.toml" \
			"(make deploy ENV=$(ENV)). docs/first-account.md says how." >&2; exit 1; }

sam-local: ## run the functions in containers, with DynamoDB Local and a simulated platform (needs Docker and the SAM CLI)
	test/stack/sam-local

test-dynamodb: ## test the store on DynamoDB Local (at GUANZHU_TEST_DYNAMODB, or started by DYNAMODB_LOCAL)
	@echo "$(TELLS)"
	test/with-server GUANZHU_TEST_DYNAMODB DYNAMODB_LOCAL $(GO) test -count=1 ./internal/dynamostore ./test/localdb

test-aws: ## test the command line with moto's server (at GUANZHU_TEST_AWS, or started by MOTO)
	GUANZHU_SAM="$${GUANZHU_SAM-$$(command -v $(SAM))}" test/with-server GUANZHU_TEST_AWS MOTO \
		$(GO) test -count=1 -timeout 20m ./test/aws

test-stack: ## test the stack in AWS's emulators: template, runtime (GUANZHU_RIE), DynamoDB Local, moto's SQS
	GUANZHU_SAM="$${GUANZHU_SAM-$$(command -v $(SAM))}" test/with-server GUANZHU_TEST_AWS MOTO \
		env -u PORT test/with-server GUANZHU_TEST_DYNAMODB DYNAMODB_LOCAL \
		$(GO) test -count=1 -v -timeout 20m -skip SamLocal ./test/stack ./test/stack/samconfig

# A separate module, because of its dependency on a browser.
test-browser: ## test the followers' pages and the console's page in Chromium
	cd test/browser && $(GO) vet ./... && $(GO) test -count=1 ./...

test-sam-local: ## test every sample of events/ through sam local
	test/stack/sam-local $(GO) test -count=1 -v -run SamLocal ./test/stack
