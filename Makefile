# Two commands are enough: make up, make test.
.PHONY: up down build laptop install deb test lint install-systemd bench bench-host schema deps test-deps stack lab lab-deps test-host test-lab clean help test-page page-pictures axe week week-pictures

PREFIX ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SITE ?= /var/lib/omamori-site
export CGO_ENABLED ?= 0
GOFLAGS := -trimpath
LDFLAGS := -s -w -X main.version=$(VERSION)
# What is built to be installed erases what it had of secrets, if this Go knows how (doc/vault.md).
ERASING := $(shell GOEXPERIMENT=runtimesecret go env GOVERSION >/dev/null 2>&1 && echo GOEXPERIMENT=runtimesecret)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

PROGRAMS := $(notdir $(wildcard cmd/*))
# Those of an owner's laptop.
LAPTOP := omamori omamori-aws omamori-mail omamori-send omamori-tunnel

# What the blog is made of, and what the tests need besides.
STACK := mariadb-server mariadb-client php8.2-fpm php-mysql php-gd php-xml php-mbstring php-curl php-zip \
	php-intl nginx-light wordpress wordpress-l10n wordpress-theme-twentytwentythree openssh-client
PEERS := groff openssh-server bash-completion zsh fish monitoring-plugins-basic dbus sudo runit supervisor monit \
	prometheus-blackbox-exporter gcc libc6-dev
# … the door's, the vault's, its kit's, the tunnel's.
PEERS += nftables iptables iproute2 ufw firewalld fwknop-server fwknop-client rsync git systemd
PEERS += dpkg-dev curl age oathtool qrencode dovecot-imapd
PEERS += poppler-utils zbar-tools fonts-vlgothic
# … the page's: a real browser, promtool, and a name server that takes updates.
PEERS += bind9 bind9-dnsutils
PEERS += chromium prometheus fonts-ipafont-gothic fonts-dejavu-core
PEERS += pptpd xl2tpd strongswan strongswan-swanctl libstrongswan-standard-plugins libcharon-extra-plugins openvpn wireguard-go wireguard-tools iperf3 iputils-ping
# What makes the test host of lab/.
HOST := debootstrap systemd-container lintian faketime

# By what the page's accessibility is tested.
AXE := .cache/axe-core-4.10.3.js

help:
	@sed -n 's/^## //p' Makefile

## make up      install what is missing, build, bring a WordPress blog up and guard it
up: deps install
	@packaging/up $(SITE)

## make down    stop the blog of make up
down:
	omamori site down $(SITE)

## make test    install what the tests need, run them all, search all that they wrote for secrets,
##              and make every failure of a real server on a host of its own, where that can be (root)
test: deps test-deps lint laptop
	$(ERASING) go test -count=1 ./vault
	CGO_ENABLED=1 go run ./vault/leaks go test -race -timeout 20m $(TESTFLAGS) ./...
	@$(MAKE) --no-print-directory test-page
	@$(MAKE) --no-print-directory test-host

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not formatted: gofmt -w ."; exit 1; }
	go vet ./... && go vet -tags lab,figures ./lab && go vet -tags browser $(BROWSER) ./lab/week
	go run $(STATICCHECK) ./... && go run $(STATICCHECK) -tags lab,figures ./lab && go run $(STATICCHECK) -tags browser $(BROWSER) ./lab/week
	@go run ./cmd/omamori config schema | cmp - doc/omamori.schema.json || { echo "doc/omamori.schema.json is not fresh: make schema"; exit 1; }

## make week    play the story on real parts, as it was and as it would have been (root; ARGS="-page", "-break vault", "-lang ja")
week: deps test-deps build
	go build $(GOFLAGS) -o bin/week ./lab/week
	@bin/week -programs bin $(ARGS)

## make week-pictures  pictures of the pages while it is played, in pictures/ (or $OMAMORI_PICTURES)
week-pictures: export OMAMORI_PICTURES ?= $(CURDIR)/pictures
week-pictures: deps test-deps
	go test -tags browser -count=1 -v -timeout 15m -run '^TestPictures' $(TESTFLAGS) ./lab/week

## make bench   the figures of bench/RESULTS.md
bench: build deps test-deps
	go run ./bench $(ARGS)

## make bench-host  how long visitors are without the blog, by systemd alone, monit and omamori (an hour)
bench-host: deps test-deps lab-deps
	go test -tags lab,figures -count=1 -v -timeout 180m -run TestFigures ./lab $(FIGURES)

schema:
	go run ./cmd/omamori config schema > doc/omamori.schema.json

build:
	$(ERASING) go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

## make laptop  what an owner needs on a Mac, in dist/darwin-arm64 (ARCH=amd64 for an older one)
laptop: ARCH = arm64
laptop:
	GOOS=darwin GOARCH=$(ARCH) go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o dist/darwin-$(ARCH)/ $(LAPTOP:%=./cmd/%)

install: build
	install -m 0755 -D -t $(PREFIX)/bin $(PROGRAMS:%=bin/%)

## make deb     the Debian package, in dist/ (ARCH=arm64 for another machine)
ARCH ?= $(shell go env GOARCH)
deb:
	@packaging/deb/make $(ARCH) $(VERSION)

## make install-systemd  install the programs and the hardened units, for every boot
install-systemd: build
	install -m 0755 -D -t $(DESTDIR)/usr/bin $(PROGRAMS:%=bin/%)
	install -m 0644 -D -t $(DESTDIR)/usr/lib/systemd/system $(wildcard packaging/systemd/*.service packaging/systemd/*.socket packaging/systemd/*.timer)
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

## make test-host  of make test-lab the table of faults alone, where it can run
test-host:
	@[ "$$(id -u)" != 0 ] || $(MAKE) --no-print-directory lab-deps
	@if why=$$(lab/can); then $(MAKE) --no-print-directory test-lab RUN=TestFaults; \
	else echo "NOT TESTED HERE: every failure of a real server, on a host with systemd: $$why"; fi
	@echo "NOT TESTED HERE: the package, and a site of one's own, on a host with systemd. For that: make test-lab"

## make test-lab  make every failure of a real server on the test host, and print what came of each
test-lab: lab-deps
	go test -tags lab -count=1 -v -timeout 60m -run '$(RUN)' $(TESTFLAGS) ./lab

## make test-page  the page in a real browser: every view, and what is done on it, over a real blog
BROWSER := ./web ./cmd/omamori
test-page: deps test-deps axe
	go test -tags browser -count=1 -p 1 -timeout 15m -run '^TestInBrowser' $(TESTFLAGS) $(BROWSER)

## make page-pictures  the same, with pictures of every view in every size, colour and language, in pictures/
page-pictures: export OMAMORI_PICTURES ?= $(CURDIR)/pictures
page-pictures: export OMAMORI_PICTURES_ALL := 1
page-pictures: test-page

axe:
	@packaging/axe $(AXE)

clean:
	rm -rf bin
