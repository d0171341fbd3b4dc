/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros and inline functions of kernel headers that BTF does not contain. A source gets a piece
 * only if it mentions one of its names. A piece begins with a line "//@ NAME…" and ends at the
 * next; its words count as mentioned by the source. Values belong to the kernel's user-space
 * interface, which does not change; a comment names the header.
 */
//@ container_of
#define container_of(ptr, type, member)                                                            \
    ({                                                                                             \
        const __typeof__(((type *)0)->member) *mptr_ = (ptr);                                      \
        (type *)((char *)mptr_ - offsetof(type, member));                                          \
    })
//@ min max min_t max_t clamp
#define min(a, b)         ((a) < (b) ? (a) : (b))
#define max(a, b)         ((a) > (b) ? (a) : (b))
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(v, lo, hi)  min(max(v, lo), hi)
//@ BIT BIT_ULL GENMASK
#define BIT(n)        (1UL << (n))
#define BIT_ULL(n)    (1ULL << (n))
#define GENMASK(h, l) (((~0UL) << (l)) & (~0UL >> (63 - (h))))
//@ sk_family
#define sk_family __sk_common.skc_family
//@ sk_daddr
#define sk_daddr __sk_common.skc_daddr
//@ sk_rcv_saddr
#define sk_rcv_saddr __sk_common.skc_rcv_saddr
//@ sk_num
#define sk_num __sk_common.skc_num
//@ sk_dport
#define sk_dport __sk_common.skc_dport
//@ sk_state
#define sk_state __sk_common.skc_state
//@ sk_net
#define sk_net __sk_common.skc_net
//@ sk_v6_daddr
#define sk_v6_daddr __sk_common.skc_v6_daddr
//@ sk_v6_rcv_saddr
#define sk_v6_rcv_saddr __sk_common.skc_v6_rcv_saddr
//@ sk_bound_dev_if
#define sk_bound_dev_if __sk_common.skc_bound_dev_if
//@ sk_cookie
#define sk_cookie __sk_common.skc_cookie
//@ inet_daddr
#define inet_daddr sk.__sk_common.skc_daddr
//@ inet_rcv_saddr
#define inet_rcv_saddr sk.__sk_common.skc_rcv_saddr
//@ inet_dport
#define inet_dport sk.__sk_common.skc_dport
//@ inet_num
#define inet_num sk.__sk_common.skc_num
//@ s6_addr
#define s6_addr in6_u.u6_addr8
//@ s6_addr16
#define s6_addr16 in6_u.u6_addr16
//@ s6_addr32
#define s6_addr32 in6_u.u6_addr32
//@ AF_UNSPEC AF_UNIX AF_LOCAL AF_INET AF_INET6 AF_NETLINK AF_PACKET PF_INET PF_INET6 AF_VSOCK
/* include/linux/socket.h */
#define AF_UNSPEC  0
#define AF_UNIX    1
#define AF_LOCAL   1
#define AF_INET    2
#define AF_INET6   10
#define AF_NETLINK 16
#define AF_PACKET  17
#define AF_VSOCK   40
#define PF_INET    AF_INET
#define PF_INET6   AF_INET6
//@ ETH_P_IP ETH_P_IPV6 ETH_P_ARP ETH_P_8021Q ETH_HLEN ETH_ALEN ETH_P_ALL ETH_P_8021AD
/* include/uapi/linux/if_ether.h */
#define ETH_ALEN    6
#define ETH_HLEN    14
#define ETH_P_ALL   0x0003
#define ETH_P_IP    0x0800
#define ETH_P_ARP   0x0806
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8
#define ETH_P_IPV6  0x86DD
//@ TC_ACT_UNSPEC TC_ACT_OK TC_ACT_RECLASSIFY TC_ACT_SHOT TC_ACT_PIPE TC_ACT_STOLEN TC_ACT_QUEUED TC_ACT_REPEAT TC_ACT_REDIRECT TC_ACT_TRAP
/* include/uapi/linux/pkt_cls.h */
#define TC_ACT_UNSPEC     (-1)
#define TC_ACT_OK         0
#define TC_ACT_RECLASSIFY 1
#define TC_ACT_SHOT       2
#define TC_ACT_PIPE       3
#define TC_ACT_STOLEN     4
#define TC_ACT_QUEUED     5
#define TC_ACT_REPEAT     6
#define TC_ACT_REDIRECT   7
#define TC_ACT_TRAP       8
//@ S_IFMT S_ISREG S_ISDIR S_ISCHR S_ISBLK S_ISFIFO S_ISLNK S_ISSOCK S_IFREG S_IFDIR S_IFLNK S_IFSOCK S_IFIFO S_IFBLK S_IFCHR
/* include/uapi/linux/stat.h */
#define S_IFMT      00170000
#define S_IFSOCK    0140000
#define S_IFLNK     0120000
#define S_IFREG     0100000
#define S_IFBLK     0060000
#define S_IFDIR     0040000
#define S_IFCHR     0020000
#define S_IFIFO     0010000
#define S_ISLNK(m)  (((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)
//@ O_RDONLY O_WRONLY O_RDWR O_ACCMODE O_CREAT O_EXCL O_TRUNC O_APPEND O_CLOEXEC O_DIRECTORY O_TMPFILE
/* include/uapi/asm-generic/fcntl.h */
#define O_ACCMODE   00000003
#define O_RDONLY    00000000
#define O_WRONLY    00000001
#define O_RDWR      00000002
#define O_CREAT     00000100
#define O_EXCL      00000200
#define O_TRUNC     00001000
#define O_APPEND    00002000
#define O_DIRECTORY 00200000
#define O_CLOEXEC   02000000
#define O_TMPFILE   020200000
//@ AT_FDCWD AT_REMOVEDIR
/* include/uapi/linux/fcntl.h */
#define AT_FDCWD     -100
#define AT_REMOVEDIR 0x200
//@ TASK_COMM_LEN
/* An enumerator since Linux 5.17 (commit 3087c61ed2c4), a macro before and again since 6.14. */
#ifndef TASK_COMM_LEN
#define TASK_COMM_LEN 16
#endif
//@ PATH_MAX NAME_MAX
#define PATH_MAX 4096
#define NAME_MAX 255
//@ DNAME_INLINE_LEN
/* include/linux/dcache.h; the array became a union in Linux 6.15 (commit 61bc24ba8ca8) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define DNAME_INLINE_LEN sizeof(union shortname_store)
#else
#define DNAME_INLINE_LEN sizeof(((struct dentry *)0)->d_iname)
#endif
//@ DISK_NAME_LEN
/* include/linux/blkdev.h */
#define DISK_NAME_LEN 32
//@ REQ_OP_BITS REQ_OP_MASK REQ_FLAG_BITS
/* include/linux/blk_types.h */
#define REQ_OP_BITS   8
#define REQ_OP_MASK   ((1 << REQ_OP_BITS) - 1)
#define REQ_FLAG_BITS 24
//@ FMODE_READ FMODE_WRITE FMODE_OPENED FMODE_CREATED
/* include/linux/fs.h */
#define FMODE_READ    ((fmode_t)0x1)
#define FMODE_WRITE   ((fmode_t)0x2)
#define FMODE_OPENED  ((fmode_t)0x80000)
#define FMODE_CREATED ((fmode_t)0x100000)
//@ READ WRITE
/* include/linux/kernel.h */
#define READ  0
#define WRITE 1
//@ IFNAMSIZ
/* include/uapi/linux/if.h */
#ifndef IFNAMSIZ
#define IFNAMSIZ 16
#endif
//@ SCM_RIGHTS SCM_CREDENTIALS
/* include/linux/socket.h */
#define SCM_RIGHTS      0x01
#define SCM_CREDENTIALS 0x02
//@ TASK_RUNNING TASK_INTERRUPTIBLE TASK_UNINTERRUPTIBLE __TASK_STOPPED __TASK_TRACED
/* include/linux/sched.h */
#define TASK_RUNNING         0x00000000
#define TASK_INTERRUPTIBLE   0x00000001
#define TASK_UNINTERRUPTIBLE 0x00000002
#define __TASK_STOPPED       0x00000004
#define __TASK_TRACED        0x00000008
//@ PF_KTHREAD PF_EXITING
/* include/linux/sched.h */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000
//@ SIGNAL_GROUP_EXIT
/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x00000004
//@ CLONE_VM CLONE_FS CLONE_FILES CLONE_SIGHAND CLONE_THREAD CLONE_NEWNS CLONE_NEWPID CLONE_NEWNET
/* include/uapi/linux/sched.h */
#define CLONE_VM      0x00000100
#define CLONE_FS      0x00000200
#define CLONE_FILES   0x00000400
#define CLONE_SIGHAND 0x00000800
#define CLONE_THREAD  0x00010000
#define CLONE_NEWNS   0x00020000
#define CLONE_NEWPID  0x20000000
#define CLONE_NEWNET  0x40000000
//@ SIGHUP SIGINT SIGQUIT SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGCHLD SIGSTOP
/* include/uapi/asm-generic/signal.h */
#define SIGHUP  1
#define SIGINT  2
#define SIGQUIT 3
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGCHLD 17
#define SIGSTOP 19
//@ EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT EBUSY EEXIST ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE EFBIG ENOSPC EROFS EPIPE ENOSYS ENOTEMPTY EOPNOTSUPP EADDRINUSE ENETUNREACH ECONNRESET ETIMEDOUT ECONNREFUSED EHOSTUNREACH EINPROGRESS ECANCELED
/* include/uapi/asm-generic/errno-base.h, errno.h */
#define EPERM        1
#define ENOENT       2
#define ESRCH        3
#define EINTR        4
#define EIO          5
#define ENXIO        6
#define E2BIG        7
#define ENOEXEC      8
#define EBADF        9
#define ECHILD       10
#define EAGAIN       11
#define ENOMEM       12
#define EACCES       13
#define EFAULT       14
#define EBUSY        16
#define EEXIST       17
#define ENODEV       19
#define ENOTDIR      20
#define EISDIR       21
#define EINVAL       22
#define ENFILE       23
#define EMFILE       24
#define EFBIG        27
#define ENOSPC       28
#define EROFS        30
#define EPIPE        32
#define ENOSYS       38
#define ENOTEMPTY    39
#define EOPNOTSUPP   95
#define EADDRINUSE   98
#define ENETUNREACH  101
#define ECONNRESET   104
#define ETIMEDOUT    110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113
#define EINPROGRESS  115
#define ECANCELED    125
//@ CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_BOOTTIME
/* include/uapi/linux/time.h */
#define CLOCK_REALTIME  0
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME  7
//@ PAGE_OFFSET __PAGE_OFFSET_BASE __START_KERNEL_map
/* arch/x86/include/asm/page_64_types.h: where the direct mapping begins at the earliest; with
 * CONFIG_RANDOMIZE_MEMORY it is moved up from there. */
#define __PAGE_OFFSET_BASE 0xffff888000000000UL
#define PAGE_OFFSET        __PAGE_OFFSET_BASE
#define __START_KERNEL_map 0xffffffff80000000UL
//@ MINORBITS MINORMASK MAJOR MINOR MKDEV
/* include/linux/kdev_t.h */
#define MINORBITS      20
#define MINORMASK      ((1U << MINORBITS) - 1)
#define MAJOR(dev)     ((unsigned int)((dev) >> MINORBITS))
#define MINOR(dev)     ((unsigned int)((dev)&MINORMASK))
#define MKDEV(ma, mi)  (((ma) << MINORBITS) | (mi))
//@ NSEC_PER_SEC NSEC_PER_MSEC NSEC_PER_USEC USEC_PER_SEC MSEC_PER_SEC
#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC  1000000L
#define MSEC_PER_SEC  1000L
//@ ntohs ntohl htons htonl be16_to_cpu be32_to_cpu be64_to_cpu cpu_to_be16 cpu_to_be32 cpu_to_be64 __be16_to_cpu __be32_to_cpu __builtin_bswap16
#define ntohs(x)       __builtin_bswap16(x)
#define ntohl(x)       __builtin_bswap32(x)
#define htons(x)       __builtin_bswap16(x)
#define htonl(x)       __builtin_bswap32(x)
#define be16_to_cpu(x) __builtin_bswap16(x)
#define be32_to_cpu(x) __builtin_bswap32(x)
#define be64_to_cpu(x) __builtin_bswap64(x)
#define cpu_to_be16(x) __builtin_bswap16(x)
#define cpu_to_be32(x) __builtin_bswap32(x)
#define cpu_to_be64(x) __builtin_bswap64(x)
//@ inet_sk
static __always_inline struct inet_sock *inet_sk(const struct sock *sk)
{
    return (struct inet_sock *)sk;
}
//@ tcp_sk
static __always_inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
    return (struct tcp_sock *)sk;
}
//@ inet_csk
static __always_inline struct inet_connection_sock *inet_csk(const struct sock *sk)
{
    return (struct inet_connection_sock *)sk;
}
//@ udp_sk
static __always_inline struct udp_sock *udp_sk(const struct sock *sk)
{
    return (struct udp_sock *)sk;
}
//@ ip_hdr
static __always_inline struct iphdr *ip_hdr(const struct sk_buff *skb)
{
    return (struct iphdr *)(skb->head + skb->network_header);
}
//@ tcp_hdr
static __always_inline struct tcphdr *tcp_hdr(const struct sk_buff *skb)
{
    return (struct tcphdr *)(skb->head + skb->transport_header);
}
//@ TCP_SKB_CB
/* include/net/tcp.h */
#define TCP_SKB_CB(skb) ((struct tcp_skb_cb *)&((skb)->cb[0]))
//@ folio_page
/* include/linux/page-flags.h, with CONFIG_SPARSEMEM_VMEMMAP */
#define folio_page(folio, n) (&(folio)->page + (n))
//@ memset
#define memset __builtin_memset
//@ memcpy
#define memcpy __builtin_memcpy
//@ memmove
#define memmove __builtin_memmove
//@ strlen
#define strlen __builtin_strlen
//@ memcmp
#define memcmp __builtin_memcmp
//@ __builtin_memcmp
/* LLVM would call a function that BPF does not have, but for sizes that are powers of two. */
static __always_inline int rp_memcmp(const void *a, const void *b, unsigned long size)
{
    const unsigned char *p = a, *q = b;
    for (unsigned long i = 0; i < size; i++)
        if (p[i] != q[i])
            return p[i] - q[i];
    return 0;
}
#define __builtin_memcmp rp_memcmp
//@ rounddown_pow_of_two
#define rounddown_pow_of_two(n) (1UL << (63 - __builtin_clzl(n)))
//@ div_u64 div_u64_rem div64_u64
/* include/linux/math64.h */
#define div_u64(a, b)   ((u64)(a) / (u32)(b))
#define div64_u64(a, b) ((u64)(a) / (u64)(b))
//@ skb_rx_queue_recorded skb_get_rx_queue
/* include/linux/skbuff.h */
static __always_inline bool skb_rx_queue_recorded(const struct sk_buff *skb)
{
    return skb->queue_mapping != 0;
}
static __always_inline u16 skb_get_rx_queue(const struct sk_buff *skb)
{
    return skb->queue_mapping - 1;
}
//@ sg_is_last sg_is_chain sg_chain_ptr
/* include/linux/scatterlist.h: the two low bits of page_link */
#define sg_is_chain(sg)  ((sg)->page_link & 1)
#define sg_is_last(sg)   ((sg)->page_link & 2)
#define sg_chain_ptr(sg) ((struct scatterlist *)((sg)->page_link & ~3UL))
