/* Any octets: what message_parse() says of them holds together. */
#include "core/dns/message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_query query;
    int result = message_parse(data, size, &query);
    must(result >= -1 && result <= RCODE_BADVERS);
    must((result < 0) == (size < MESSAGE_HEADER || data[2] & 0x80));
    if (result == 0)
        must(query.question && !(query.flags & MESSAGE_OPCODE));
    must(query.keytag_count <= MESSAGE_MAX_KEYTAGS && query.udp_size >= MESSAGE_MIN_UDP);
    if (!query.question)
        return 0;
    must(query.question >= data && query.question + query.question_length <= data + size);
    must(query.question_length == query.length + 4 && query.label[query.labels] == query.length - 1);
    for (unsigned i = 0; i < query.labels; i++)
        must(query.label[i + 1] == query.label[i] + 1 + query.name[query.label[i]]);
    for (size_t i = 0; i < query.length; i++) {
        uint8_t octet = query.question[i];
        must(query.name[i] == (octet >= 'A' && octet <= 'Z' ? octet + 32 : octet));
    }
    return 0;
}
