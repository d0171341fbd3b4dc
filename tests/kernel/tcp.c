/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a known number of TCP connections to itself, for the tests to compare what was traced with.
 *   tcp [-6] COUNT
 *       listens, then connects, accepts and closes COUNT times, one after the other, the client
 * first tcp [-6] --refused COUNT connects to a port where nobody listens tcp [-6] --given-up COUNT
 *       connects to a port that does not answer, and closes the socket 20 ms later
 * Prints a row for each connect, as tcpconnlat -x -L should but without the time:
 *   PID COMM IP SADDR LPORT DADDR DPORT ERR
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int family = AF_INET;

struct end {
    int fd;
    struct sockaddr_storage address;
    socklen_t size;
};

static void check(int bad, const char *what) {
    if (!bad)
        return;
    perror(what);
    exit(1);
}

/* A socket with a port of its own. */
static struct end bind_one(int flags) {
    struct end end = {.size = sizeof(struct sockaddr_in6)};
    end.address.ss_family = (sa_family_t)family;
    if (family == AF_INET)
        ((struct sockaddr_in *)&end.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        ((struct sockaddr_in6 *)&end.address)->sin6_addr = in6addr_loopback;
    end.fd = socket(family, SOCK_STREAM | flags, 0);
    check(end.fd < 0, "tcp: socket");
    check(bind(end.fd, (struct sockaddr *)&end.address, end.size), "tcp: bind");
    check(getsockname(end.fd, (struct sockaddr *)&end.address, &end.size), "tcp: getsockname");
    return end;
}

/* The port is at the same place in either family's address. */
static int port_of(const struct end *end) {
    return ntohs(((const struct sockaddr_in *)&end->address)->sin_port);
}

static void print(const struct end *client, const struct end *server, int err) {
    const char *text = family == AF_INET ? "127.0.0.1" : "::1";
    printf("%d tcp %d %s %d %s %d %d\n", getpid(), family == AF_INET ? 4 : 6, text, port_of(client),
           text, port_of(server), err);
}

/* Returns 0 or an errno: ECANCELED when there was no answer in 20 ms. */
static int connect_to(const struct end *client, const struct end *server) {
    struct pollfd ready = {.fd = client->fd, .events = POLLOUT};
    if (connect(client->fd, (const struct sockaddr *)&server->address, server->size) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    return poll(&ready, 1, 20) == 0 ? ECANCELED : 0;
}

static void connect_once(const struct end *server) {
    struct end client = bind_one(0);
    int err = connect_to(&client, server);
    print(&client, server, err);
    if (err) {
        close(client.fd);
        return;
    }
    char byte;
    int accepted = accept(server->fd, NULL, NULL);
    check(accepted < 0, "tcp: accept");
    close(client.fd);
    check(read(accepted, &byte, 1) != 0, "tcp: read");
    close(accepted);
}

/* One connection that nobody accepts fills a queue of length 0; a second one gets no answer. */
static void give_up(const struct end *server, long count) {
    struct end first = bind_one(0);
    print(&first, server, connect_to(&first, server));
    for (; count > 0; count--) {
        struct end client = bind_one(SOCK_NONBLOCK);
        print(&client, server, connect_to(&client, server));
        close(client.fd);
    }
    close(first.fd);
}

int main(int argc, char **argv) {
    const char *how = "";
    for (; argc > 2; argc--, argv++) {
        if (strcmp(argv[1], "-6") == 0)
            family = AF_INET6;
        else
            how = argv[1];
    }
    if (argc < 2)
        return 2;
    struct end server = bind_one(0);
    if (strcmp(how, "--refused") != 0)
        check(listen(server.fd, 0), "tcp: listen");
    if (strcmp(how, "--given-up") == 0) {
        give_up(&server, atol(argv[1]));
    } else {
        for (long count = atol(argv[1]); count > 0; count--)
            connect_once(&server);
    }
    close(server.fd);
    return 0;
}
