// Command bench measures omamori beside its peers, in one run, and prints tables.
//
//	go run ./bench               all of it, about half an hour
//	go run ./bench restart       from the death of MariaDB to its next answer
//	go run ./bench footprint     memory and processor time of fifty links
//	go run ./bench door          from a knock to a connection, beside fwknop
//	go run ./bench ways          margins and cut sets of large models
//	go run ./bench page          the page of five hundred links: first paint, bytes, 200 watchers
//	go run ./bench -n 5 tunnel   throughput and memory of the tunnel and its peers
//
// All but ways need root, Debian's packages (make test-deps) and binaries in bin (make build).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	runs := flag.Int("n", 10, "runs of each, of which the median is shown")
	suite := flag.String("aralia", "", "for ways: a `folder` of the Aralia fault trees in the Open-PSA format")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	which := flag.Args()
	if len(which) == 0 {
		which = []string{"restart", "footprint", "door", "ways", "page", "tunnel"}
	}
	if which[0] == "flood" { // what door starts as a stranger
		if err := flood(ctx, which[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	for _, name := range which {
		var err error
		switch name {
		case "restart":
			err = restart(ctx, *runs)
		case "footprint":
			err = footprint(ctx)
		case "door":
			err = doors(ctx, max(*runs, 50))
		case "ways":
			err = reckon(ctx, *runs, *suite)
		case "page":
			err = page(ctx)
		case "tunnel":
			err = tunnels(ctx, *runs)
		default:
			err = fmt.Errorf("no such benchmark: %s", name)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}
