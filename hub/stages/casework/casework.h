// The room's front door: what flow and console include.
#pragma once
#include "stages/casework/casework_stage.h"
