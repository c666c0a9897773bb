# Two commands are enough: make up, make test.
.PHONY: up down build install deb test lint install-systemd bench schema deps test-deps stack lab lab-deps test-lab clean help

PREFIX ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SITE ?= /var/lib/omamori-site
export CGO_ENABLED ?= 0
GOFLAGS := -trimpath
LDFLAGS := -s -w -X main.version=$(VERSION)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

PROGRAMS := $(notdir $(wildcard cmd/*))

# What the blog is made of, and what the tests need besides.
STACK := mariadb-server mariadb-client php8.2-fpm php-mysql php-gd php-xml php-mbstring php-curl php-zip \
	php-intl nginx-light wordpress wordpress-l10n wordpress-theme-twentytwentythree openssh-client
PEERS := groff openssh-server bash-completion zsh fish monitoring-plugins-basic dbus sudo runit supervisor monit \
	prometheus-blackbox-exporter gcc libc6-dev
# … the door's, the vault's, its kit's, the tunnel's.
PEERS += nftables iptables iproute2 ufw firewalld
PEERS += age oathtool qrencode dovecot-imapd
PEERS += poppler-utils zbar-tools fonts-vlgothic
PEERS += pptpd xl2tpd strongswan strongswan-swanctl libcharon-extra-plugins openvpn wireguard-go wireguard-tools iperf3
# What makes the test host of lab/.
HOST := debootstrap systemd-container lintian

help:
	@sed -n 's/^## //p' Makefile

## make up      install what is missing, build, bring a WordPress blog up and guard it
up: deps install
	@packaging/up $(SITE)

## make down    stop the blog of make up
down:
	omamori site down $(SITE)

## make test    install what the tests need, run them all, and search all that they wrote for secrets
test: deps test-deps lint
	CGO_ENABLED=1 go run ./vault/leaks go test -race -timeout 20m $(TESTFLAGS) ./...
	@echo "NOT TESTED HERE: every failure of a real server, and the package, on a host with systemd. For that: make test-lab"

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not formatted: gofmt -w ."; exit 1; }
	go vet ./... && go vet -tags lab ./lab
	go run $(STATICCHECK) ./... && go run $(STATICCHECK) -tags lab ./lab
	@go run ./cmd/omamori config schema | cmp - doc/omamori.schema.json || { echo "doc/omamori.schema.json is not fresh: make schema"; exit 1; }

## make bench   the figures of bench/RESULTS.md
bench: build deps test-deps
	go run ./bench $(ARGS)

schema:
	go run ./cmd/omamori config schema > doc/omamori.schema.json

build:
	go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

install: build
	install -m 0755 -D -t $(PREFIX)/bin $(PROGRAMS:%=bin/%)

## make deb     the Debian package, in dist/ (ARCH=arm64 for another machine)
ARCH ?= $(shell go env GOARCH)
deb:
	@packaging/deb/make $(ARCH) $(VERSION)

## make install-systemd  install the programs and the hardened units, for every boot
install-systemd: build
	install -m 0755 -D -t $(DESTDIR)/usr/bin $(PROGRAMS:%=bin/%)
	install -m 0644 -D -t $(DESTDIR)/usr/lib/systemd/system $(wildcard packaging/systemd/*.service packaging/systemd/*.socket)
	install -m 0644 -D packaging/systemd/sysusers.conf $(DESTDIR)/usr/lib/sysusers.d/omamori.conf
	install -m 0644 -D packaging/systemd/tmpfiles.conf $(DESTDIR)/usr/lib/tmpfiles.d/omamori.conf
	@test -n "$(DESTDIR)" || { systemd-sysusers omamori.conf && systemd-tmpfiles --create omamori.conf && systemctl daemon-reload; }

deps:
	@packaging/need $(STACK)

test-deps:
	@packaging/need $(PEERS)

# For lab/build: what a host with a blog has.
stack:
	@echo $(STACK) openssh-server

lab-deps:
	@packaging/need $(HOST)

## make lab     build the test host, a Debian with systemd and the blog's packages, anew
lab: lab-deps
	@lab/build --again

## make test-lab  make every failure of a real server on the test host, and print what came of each
test-lab: lab-deps
	go test -tags lab -count=1 -v -timeout 30m $(TESTFLAGS) ./lab

clean:
	rm -rf bin
