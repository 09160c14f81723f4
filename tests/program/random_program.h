#include "program/random_program.h"  // where it has moved
