#ifndef VINE_NETFILTER_NEWS_H
#define VINE_NETFILTER_NEWS_H

/// A socket that hears when a table of netfilter changes (nfnetlink, group NFNLGRP_NFTABLES): the descriptor, or -1 and errno.
int vine_netfilter_news_open(void);
/// Whether anything changed since the last call. What did not fit the socket's buffer was lost, and is news, too.
int vine_netfilter_news_came(int descriptor);

#endif
