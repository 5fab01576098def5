// Prints its effective uid and effective capabilities. A copy made setuid, or given capabilities, shows whether such a
// program gains anything where it is run; it does nothing else, so the copy is harmless.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    char line[256];
    FILE* status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "CapEff:\t", 8) == 0) {
            printf("%u %s", (unsigned)geteuid(), line + 8);
            return 0;
        }
    }
    return 1;
}
