package main

import (
	"github.com/omamori-guard/omamori/door"
	"github.com/omamori-guard/omamori/door/nft"
)

func (machine) Obstacles(ports []uint16) ([]door.Obstacle, error) { return nft.New().Obstacles(ports) }

func (machine) Legacy() []string { return nft.Legacy() }
