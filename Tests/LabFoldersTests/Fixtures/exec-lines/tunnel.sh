#!/bin/sh
set -e
ip addr add 198.51.100.2/24 dev eth1
ip link add over type vxlan id 61 local 198.51.100.2 remote 198.51.100.1 dstport 4789
ip link set over up
printf 'addr add %s.2/24 dev over\n' "$TUNNEL" | ip -batch -
