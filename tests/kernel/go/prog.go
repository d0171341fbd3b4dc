// SPDX-License-Identifier: Apache-2.0
// Known values for test_go.sh: calls of functions of each kind, TIMES of them; and calls that go deep, so that
// their stacks have to grow. It waits until it may begin, and counts its calls.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type mode int16

const times = 3
const depth = 5000

type point struct {
	x, y  int32
	label string
}

type conf struct {
	name  string
	n     int
	items []point
	next  *conf
	flag  bool
}

var counter uint32 = 4711

//go:noinline
func numbers(a int8, b uint8, c int16, d uint16, e int32, f uint32, g int64, h uint64, yes bool) int {
	return int(a) + int(b) + int(c) + int(d) + int(e) + int(f) + int(g) + int(h) + int(counter)
}

//go:noinline
func texts(first string, n int, second []byte, third string) string {
	if n < 0 {
		panic(first)
	}
	return first + string(second) + third
}

//go:noinline
func structs(c *conf, m mode, p point) int {
	return c.n + int(m) + int(p.x) + len(c.items)
}

//go:noinline
func (c *conf) method(key string) int {
	return len(c.name) + len(key)
}

// Frames of 24, 200 and 6,000 bytes: each kind of check for room on the stack.
//
//go:noinline
func tiny(n int) int {
	if n == 0 {
		return 0
	}
	return tiny(n-1) + n
}

//go:noinline
func deep(n int) int {
	var block [24]int
	block[n%24] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + block[n%24]
}

//go:noinline
func large(n int) int {
	var block [750]int
	block[n%750] = n
	if n == 0 {
		return 0
	}
	return large(n-1) + block[n%750]
}

func main() {
	for {
		if _, err := os.Stat(os.Args[1]); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	c := &conf{name: "first", n: 41, items: []point{{1, 2, "one"}, {3, -4, "two"}}, flag: true}
	c.next = &conf{name: "second", n: -2}
	for i := 0; i < times; i++ {
		numbers(-5, 250, -300, 65000, -70000, 4000000000, -5000000000, 18446744073709551615, true)
		texts("hello gopher", 7, []byte("some bytes"), "käse")
		structs(c, -7, point{3, -4, "a label"})
		c.method("the key")
	}
	sum := 0
	for i := 0; i < 4; i++ {
		var wait sync.WaitGroup
		wait.Add(1)
		go func() {
			sum += tiny(depth) + deep(depth) + large(depth)
			wait.Done()
		}()
		wait.Wait()
	}
	if sum != 4*3*depth*(depth+1)/2 {
		fmt.Println("wrong:", sum)
		os.Exit(1)
	}
}
