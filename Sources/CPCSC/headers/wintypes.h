// winscard.h wants this without its folder.
#include <PCSC/wintypes.h>
