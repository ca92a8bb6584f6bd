#include "cmd/cmd.h"

int cmd_keys(int argc, char **argv)
{
    (void)argc;
    return cmd_fail(argv[0], ERR_INTERNAL, "not built yet");
}
