/*
 * An S3 server that does as little as it can, so that what is measured is the client. Linux only.
 *
 *     cc -O2 -o null-server null-server.c && ./null-server      prints its port on loopback
 *
 * It checks no signature and stores nothing. Bodies of requests are dropped inside the kernel, bodies of answers come out of a
 * memory file without a copy, so that it is idle while its client works. A key that ends with "-<n>" is an object of n bytes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 1024
#define MOST_HEAD 16384
#define MOST_ANSWER 1024
#define FILE_BYTES (1 << 20)

typedef struct {
  int fd;
  int held;              /* bytes of `in` that are filled: heads, and what came with them */
  long long drop;        /* bytes of a request's body that are still to come */
  int chunked;           /* 1 in the size line of a chunk, 2 in its data, 3 in the trailer */
  int written, answered; /* bytes of `out` that were sent, and that it has */
  long long body;        /* bytes of the memory file that follow `out` */
  char method[8], target[4096];
  char in[MOST_HEAD + 1], out[MOST_ANSWER];
} Connection;

static int epoll, file;

static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
static const char OBJECT[] =
    "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    "Accept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\n";

static void reply(Connection *c, const char *status, const char *headers, const char *document, long long length) {
  c->answered = snprintf(c->out, sizeof c->out,
                         "HTTP/1.1 %s\r\nServer: null\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nx-amz-request-id: 0\r\n%s"
                         "Content-Length: %lld\r\n\r\n%s",
                         status, headers, document ? (long long)strlen(document) : length, document ? document : "");
  c->written = 0;
}

static void answer(Connection *c) {
  const char *method = c->method, *target = c->target;
  const char *query = strchr(target, '?');
  const char *xml = "Content-Type: application/xml\r\n";
  const char *dash = query ? memrchr(target, '-', query - target) : strrchr(target, '-');
  long long size = dash ? atoll(dash + 1) : 0;
  if (!strcmp(method, "PUT")) reply(c, "200 OK", OBJECT, 0, 0);
  else if (!strcmp(method, "DELETE")) reply(c, "200 OK", "", 0, 0);
  else if (!strcmp(method, "HEAD")) reply(c, "200 OK", OBJECT, 0, size);
  else if (!strcmp(method, "POST") && query && strstr(query, "uploadId="))
    reply(c, "200 OK", xml,
          "<CompleteMultipartUploadResult><Location>http://x/b/k</Location><Bucket>b</Bucket><Key>k</Key>"
          "<ETag>&quot;0-1&quot;</ETag></CompleteMultipartUploadResult>", 0);
  else if (!strcmp(method, "POST"))
    reply(c, "200 OK", xml,
          "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u1</UploadId>"
          "</InitiateMultipartUploadResult>", 0);
  else if (query && strstr(query, "uploads"))
    reply(c, "200 OK", xml,
          "<ListMultipartUploadsResult><Bucket>b</Bucket><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>", 0);
  else {
    reply(c, "200 OK", OBJECT, 0, size);
    c->body = size;
  }
}

static const char *header(const char *head, const char *name) {
  const char *found = strcasestr(head, name);
  return found ? found + strlen(name) : 0;
}

static void take(Connection *c, int bytes) {
  c->held -= bytes;
  memmove(c->in, c->in + bytes, c->held);
  c->in[c->held] = 0;
}

/* Works through what was received; 1: there is an answer to send, 0: more must come, -1: not HTTP. */
static int parse(Connection *c) {
  for (;;) {
    if (c->chunked == 1 || c->chunked == 3) {
      char *end = memmem(c->in, c->held, "\r\n", 2);
      if (!end) return 0;
      int empty = end == c->in;
      long long size = strtoll(c->in, 0, 16);
      take(c, end + 2 - c->in);
      if (c->chunked == 3 && empty) {
        c->chunked = 0;
        answer(c);
        return 1;
      }
      if (c->chunked == 1) {
        c->chunked = size ? 2 : 3;
        c->drop = size ? size + 2 : 0;
      }
      continue;
    }
    if (c->drop) {
      int here = c->drop < c->held ? (int)c->drop : c->held;
      take(c, here);
      c->drop -= here;
      if (c->drop) return 0;
      if (c->chunked) {
        c->chunked = 1;
        continue;
      }
      answer(c);
      return 1;
    }
    char *end = memmem(c->in, c->held, "\r\n\r\n", 4);
    if (!end) return c->held == MOST_HEAD ? -1 : 0;
    end[2] = 0;
    if (sscanf(c->in, "%7s %4095s", c->method, c->target) != 2) return -1;
    const char *length = header(c->in, "\r\ncontent-length:");
    const char *coding = header(c->in, "\r\ntransfer-encoding:");
    c->drop = length ? atoll(length) : 0;
    c->chunked = coding ? 1 : 0;
    if (header(c->in, "\r\nexpect:") && send(c->fd, CONTINUE, sizeof CONTINUE - 1, MSG_NOSIGNAL) < 0) return -1;
    take(c, end + 4 - c->in);
    if (c->drop || c->chunked) continue;
    answer(c);
    return 1;
  }
}

/* Sends what is to be sent; 1: all of it is gone, 0: the socket is full, -1: it is dead. */
static int push(Connection *c) {
  while (c->written < c->answered) {
    ssize_t sent = send(c->fd, c->out + c->written, c->answered - c->written, MSG_NOSIGNAL | (c->body ? MSG_MORE : 0));
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    c->written += sent;
  }
  while (c->body) {
    off_t from = 0;
    ssize_t sent = sendfile(c->fd, file, &from, c->body < FILE_BYTES ? c->body : FILE_BYTES);
    if (sent < 0) return errno == EAGAIN ? 0 : -1;
    c->body -= sent;
  }
  c->written = c->answered = 0;
  return 1;
}

/* Reads and answers until nothing more can be done now; 0: it goes on, -1: the connection is over. */
static int serve(Connection *c) {
  for (;;) {
    if (c->answered || c->body) {
      int pushed = push(c);
      if (pushed <= 0) return pushed;
    }
    int parsed = c->held || !c->drop ? parse(c) : 0;
    if (parsed < 0) return -1;
    if (parsed) continue;
    /* All of a body but its last byte, whose arrival is what asks for the answer, is dropped by the kernel. */
    ssize_t got = c->drop > 1 && !c->held ? recv(c->fd, 0, c->drop - 1, MSG_TRUNC)
                                          : recv(c->fd, c->in + c->held, MOST_HEAD - c->held, 0);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    if (c->drop > 1 && !c->held) c->drop -= got;
    else {
      c->held += got;
      c->in[c->held] = 0;
    }
  }
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  /* A benchmark that dies leaves nothing running. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  file = memfd_create("object", 0);
  char page[4096];
  memset(page, 'x', sizeof page);
  for (int at = 0; at < FILE_BYTES; at += sizeof page)
    if (write(file, page, sizeof page) != sizeof page) return 1;

  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, MOST_CONNECTIONS)) return 1;
  getsockname(listener, (void *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN}, events[256];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int at = 0; at < ready; at++) {
      Connection *c = events[at].data.ptr;
      if (c) {
        if (serve(c) < 0) {
          close(c->fd);
          free(c);
        }
        continue;
      }
      int fd;
      while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c = calloc(1, sizeof *c);
        if (!c) return 1;
        c->fd = fd;
        event.events = EPOLLIN | EPOLLOUT | EPOLLET;
        event.data.ptr = c;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}
