#include "CSSH.h"
