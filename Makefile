# vine-mesh: `make` lists what there is to make. On Debian 12 or later with the Swift 6.3 toolchain, as root.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PREFIX ?= /usr/local
DESTDIR ?=
# For example --static-swift-stdlib: programs that run without the Swift toolchain's libraries.
SWIFT_BUILD_FLAGS ?=
DEMO_FLAGS ?=
BENCH_FLAGS ?=
SUITE ?=
MINUTES ?= 5
SCENARIO ?= all
SEED ?= 1
VRS ?=
CHAOS_FLAGS ?=
DOORS ?=
SANITIZER ?=

# Libraries that Package.swift links, then what runs the VRs and the programs of the demo.
BUILD_PACKAGES := libsodium-dev libnetfilter-queue-dev libmnl-dev libnet1-dev libsqlite3-dev pkg-config
RUN_PACKAGES := iptables nftables iproute2 iputils-ping procps util-linux iperf3 openssh-server openssh-client \
  curl python3 tcpdump faketime
# What vine-mesh is measured beside.
BENCH_PACKAGES := serf etcd-server etcd-client nghttp2-client wireguard-go wireguard-tools tinc nebula fastd openvpn openssl \
  conntrack

# What the test of the dashboard looks at it with.
DASHBOARD_PACKAGES := chromium fonts-dejavu-core python3-jsonschema python3-yaml python3-pil

# What the test of the commands looks at terminals with.
COMMANDS_PACKAGES := python3-pyte python3-jsonschema python3-yaml

# Programs that the phase `mpi` runs between sites.
MPI_PACKAGES := openmpi-bin libopenmpi-dev gcc libc6-dev nfs-ganesha nfs-ganesha-vfs libnfs-utils

# Linking Foundation statically needs libcurl's and libxml2's; dh puts the package together.
DEB_PACKAGES := debhelper dpkg-dev libcurl4-openssl-dev libxml2-dev
# Clean machines with systemd, and what looks at packages.
TEST_DEB_PACKAGES := mmdebstrap systemd-container lintian tcpdump

.PHONY: help
help: ## lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## installs the Debian packages that are missing
	@.ci/deps $(BUILD_PACKAGES) $(RUN_PACKAGES)

.PHONY: build
build: deps ## builds vine-meshd, vine-mesh and vine-sim, release
	@swift build -c release $(SWIFT_BUILD_FLAGS)

.PHONY: test
test: deps ## runs all tests; says what it skipped and why
	@.ci/test

.PHONY: demo
demo: build ## three sites, one behind NAT: real programs talk (root)
	@mkdir -p reports
	@python3 Chaos/demo.py $(DEMO_FLAGS)

.PHONY: mpi
mpi: build ## Open MPI, HTTP and NFS across a public, a NATed and a mirrored site (root)
	@.ci/deps $(MPI_PACKAGES)
	@mkdir -p reports
	@python3 Chaos/demo.py --only mpi --report reports/mpi.json $(DEMO_FLAGS)

# Debian's own Python, for which the packages above are.
.PHONY: test-dashboard
test-dashboard: build ## the dashboard in Chromium, over 3 real VRs and made-up meshes of 30 and 300: docs/dashboard (root)
	@.ci/deps $(DASHBOARD_PACKAGES)
	@mkdir -p reports
	@/usr/bin/python3 Chaos/dashboard.py

.PHONY: test-commands
test-commands: build ## every command of vine-mesh typed on a terminal, over real VRs: screen, exit code, JSON (root)
	@.ci/deps $(COMMANDS_PACKAGES)
	@mkdir -p reports
	@/usr/bin/python3 Chaos/commands.py

.PHONY: schemas
schemas: ## makes docs/reference from the types of the local API
	@.ci/schemas

.PHONY: chaos
chaos: build ## real VRs under faults: SCENARIO=random, SEED=1, MINUTES=10, VRS=12: reports/chaos.html (root)
	@.ci/deps conntrack
	@mkdir -p reports
	@python3 Chaos/chaos.py --scenario $(if $(filter file,$(origin SCENARIO)),random,$(SCENARIO)) --seed $(SEED) \
	  --minutes $(if $(filter file,$(origin MINUTES)),10,$(MINUTES)) $(addprefix --vrs ,$(VRS)) $(CHAOS_FLAGS)

.PHONY: simulate
simulate: deps ## meshes on virtual time: SCENARIO=all, from SEED=1, MINUTES=5
	@swift build -c release --product vine-sim $(SWIFT_BUILD_FLAGS)
	@.build/release/vine-sim sweep --scenario $(SCENARIO) --seeds $(SEED)..1000000 --minutes $(MINUTES)

.PHONY: consensus
consensus: deps ## voters under faults, 10000 seeds, and historic bugs that have to be found: reports/simulation.json
	@swift build -c release --product vine-sim $(SWIFT_BUILD_FLAGS)
	@.build/release/vine-sim consensus sweep --seeds 1..10000 --jobs $$(nproc) --report reports/simulation.json
	@.build/release/vine-sim consensus bugs --jobs $$(nproc) --report reports/simulation.json

.PHONY: figures
figures: deps ## measures the simulated mesh, hours: reports/simulation.json
	@swift build -c release --product vine-sim $(SWIFT_BUILD_FLAGS)
	@.build/release/vine-sim figures

.PHONY: bench
bench: build ## beside its peers, in one run: SUITE=packets, peers, serf, etcd, table3, churn, links; BENCH_FLAGS= (root)
	@.ci/deps $(BENCH_PACKAGES) || echo "bench: goes on without what could not be installed"
	@mkdir -p reports
	@python3 Chaos/bench.py $(addprefix --suite ,$(SUITE)) $(BENCH_FLAGS)

.PHONY: lint
lint: ## checks the format of all Swift files
	@.ci/lint

.PHONY: format
format: ## mends the format of all Swift files
	@swift format --in-place --parallel --recursive Package.swift Sources Tests

.PHONY: fuzz
fuzz: deps ## looks for inputs that break something, MINUTES=5 a door, DOORS= for all: reports/fuzz.json
	@.ci/fuzz discover $(MINUTES) $(DOORS)

.PHONY: sanitize
sanitize: deps ## unit tests under ThreadSanitizer and AddressSanitizer: SANITIZER=thread or address for one
	@.ci/sanitize $(SANITIZER)

.PHONY: proto
proto: ## generates Swift from the .proto files
	@.ci/deps protobuf-compiler
	@.ci/proto

.PHONY: install
install: build ## installs programs, man pages, unit and completions: DESTDIR= PREFIX=
	@BIN=.build/release .ci/install-files "$(DESTDIR)" "$(PREFIX)"
	@echo "installed under $(DESTDIR)$(PREFIX)"

.PHONY: deb
deb: deps ## builds a Debian package whose programs need no Swift toolchain, in .build-deb
	@.ci/deps $(DEB_PACKAGES)
	@packaging/build-deb

.PHONY: test-deb
test-deb: deb ## the package in clean Debian machines: tutorial, upgrade, watchdog, removal (root)
	@.ci/deps $(TEST_DEB_PACKAGES)
	@mkdir -p reports
	@python3 Chaos/package.py

.PHONY: clean
clean: ## removes what was built and reported
	@rm -rf .build .build-* Fuzz/.build Fuzz/.build-* reports
