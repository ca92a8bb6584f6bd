/* The URL is cut at its delimiters from left to right: scheme, user before the last @ of the authority, hosts
 * between commas, database, options. Each piece is copied into an array of fixed size and checked there. */
#include "io/store/click_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "clickhouse://"
#define FORM SCHEME "[USER[:PASSWORD]@]HOST[:PORT][,…]/DATABASE[?cluster=NAME][&timeout=SECONDS]"

enum { HTTP_PORT = 8123, FIRST_PRINTING = 0x20 };

struct piece {
    const char *at;
    size_t length;
};

bool click_url_is(const char *where)
{
    return strncmp(where, SCHEME, strlen(SCHEME)) == 0;
}

static int bad(struct err_note *note, const char *what)
{
    return err_set(note, ERR_USAGE, "%s; it is written %s", what, FORM);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded; false if it is malformed, too long, or holds a control character. */
static bool decode(struct piece piece, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < piece.length; i++) {
        int c = (unsigned char)piece.at[i];
        if (c == '%') {
            int high = i + 2 < piece.length ? hex_digit(piece.at[i + 1]) : -1;
            int low = i + 2 < piece.length ? hex_digit(piece.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
        }
        if (c < FIRST_PRINTING || used + 1 >= size)
            return false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

/* A name of letters, digits, _ and `more`, that does not begin with a digit. */
static bool plain_name(struct piece piece, const char *more, char *out, size_t size)
{
    if (!piece.length || piece.length >= size || isdigit((unsigned char)piece.at[0]))
        return false;
    for (size_t i = 0; i < piece.length; i++) {
        char c = piece.at[i];
        if (!(isascii(c) && isalnum((unsigned char)c)) && c != '_' && !(c && strchr(more, c)))
            return false;
    }
    memcpy(out, piece.at, piece.length);
    out[piece.length] = '\0';
    return true;
}

/* A number of at most six digits in [1, most]; 0 if it is none. */
static unsigned small_number(struct piece piece, unsigned most)
{
    unsigned value = 0;
    if (!piece.length || piece.length > 6)
        return 0;
    for (size_t i = 0; i < piece.length; i++) {
        if (!isdigit((unsigned char)piece.at[i]))
            return 0;
        value = value * 10 + (unsigned)(piece.at[i] - '0');
    }
    return value <= most ? value : 0;
}

static bool host_letter(char c, bool bracketed)
{
    return (isascii(c) && isalnum((unsigned char)c)) || c == '.' ||
           (bracketed ? c == ':' : c == '-' || c == '_');
}

static bool read_host(struct piece piece, struct click_host *host)
{
    bool bracketed = piece.length && piece.at[0] == '[';
    if (bracketed)
        piece.at++, piece.length--;
    const char *end = memchr(piece.at, bracketed ? ']' : ':', piece.length);
    size_t length = end ? (size_t)(end - piece.at) : piece.length;
    if (!length || length >= sizeof host->name || (bracketed && !end))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!host_letter(piece.at[i], bracketed))
            return false;
    }
    memcpy(host->name, piece.at, length);
    host->name[length] = '\0';
    struct piece rest = {piece.at + length, piece.length - length};
    if (bracketed)
        rest.at++, rest.length--;
    if (!rest.length) {
        host->port = HTTP_PORT;
        return true;
    }
    if (rest.at[0] != ':')
        return false;
    host->port = (uint16_t)small_number((struct piece){rest.at + 1, rest.length - 1}, UINT16_MAX);
    return host->port != 0;
}

static int read_hosts(struct piece all, struct click_url *url, struct err_note *note)
{
    for (;;) {
        const char *comma = memchr(all.at, ',', all.length);
        struct piece one = {all.at, comma ? (size_t)(comma - all.at) : all.length};
        if (url->host_count == CLICK_URL_MAX_HOSTS)
            return bad(note, "too many hosts in the URL of a ClickHouse");
        if (!read_host(one, &url->hosts[url->host_count++]))
            return bad(note, "the URL of a ClickHouse has a bad host or port");
        if (!comma)
            return 0;
        all = (struct piece){comma + 1, all.length - one.length - 1};
    }
}

static int read_user(struct piece user, struct click_url *url, struct err_note *note)
{
    const char *colon = memchr(user.at, ':', user.length);
    size_t length = colon ? (size_t)(colon - user.at) : user.length;
    struct piece password = {colon ? colon + 1 : user.at, colon ? user.length - length - 1 : 0};
    if (!length || !decode((struct piece){user.at, length}, url->user, sizeof url->user) ||
        !decode(password, url->password, sizeof url->password))
        return bad(
            note, "the URL of a ClickHouse has a bad user or password (percent-encode what is special)");
    return strchr(url->user, ':') ? bad(note, "the user's name in the URL of a ClickHouse holds a colon") : 0;
}

static int read_options(const char *at, struct click_url *url, struct err_note *note)
{
    while (*at) {
        size_t length = strcspn(at, "&");
        size_t name = strcspn(at, "=&");
        struct piece value = {at + name + 1, name < length ? length - name - 1 : 0};
        if (name == 7 && !strncmp(at, "cluster", name)) {
            if (!plain_name(value, "-.", url->cluster, sizeof url->cluster))
                return bad(note, "the URL of a ClickHouse has a bad name of a cluster");
        } else if (name == 7 && !strncmp(at, "timeout", name)) {
            url->timeout_s = small_number(value, CLICK_URL_MAX_TIMEOUT_S);
            if (!url->timeout_s)
                return bad(note, "the URL of a ClickHouse has a bad timeout (1 to 86400 seconds)");
        } else {
            return bad(note, "the URL of a ClickHouse has an option other than cluster and timeout");
        }
        at += length + (at[length] == '&');
    }
    return 0;
}

int click_url_parse(const char *where, struct click_url *ret_url, struct err_note *note)
{
    if (!click_url_is(where))
        return bad(note, "no URL of a ClickHouse");
    struct click_url url = {.timeout_s = CLICK_URL_TIMEOUT_S};
    const char *authority = where + strlen(SCHEME);
    size_t length = strcspn(authority, "/?");
    const char *database = authority + length;
    const char *at = memrchr(authority, '@', length);
    int rc = at ? read_user((struct piece){authority, (size_t)(at - authority)}, &url, note) : 0;
    const char *hosts = at ? at + 1 : authority;
    if (!rc)
        rc = read_hosts((struct piece){hosts, (size_t)(database - hosts)}, &url, note);
    if (rc)
        return rc;
    size_t name = *database == '/' ? strcspn(database + 1, "?") : 0;
    if (!name)
        return bad(note, "the URL of a ClickHouse names no database");
    if (!plain_name((struct piece){database + 1, name}, "", url.database, sizeof url.database))
        return bad(note, "the URL of a ClickHouse has a bad name of a database (letters, digits and _)");
    const char *options = database + 1 + name;
    rc = *options ? read_options(options + 1, &url, note) : 0;
    if (!rc)
        *ret_url = url;
    return rc;
}
