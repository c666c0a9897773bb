package main

import (
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/nft"
)

func (machine) Obstacles(tcp, udp []uint16) ([]door.Obstacle, error) {
	return nft.New().Obstacles(tcp, udp)
}

func (machine) Legacy() []string { return nft.Legacy() }
