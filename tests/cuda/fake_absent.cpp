// A library that exists when the broken fake module is linked and is not found when it is opened.
extern "C" int absent_library_function() {
  return 1;
}
