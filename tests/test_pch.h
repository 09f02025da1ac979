// Precompiled for every test of a module that uses LibTorch; tests include what they need all the same.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pch.h"
