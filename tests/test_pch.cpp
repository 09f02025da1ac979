// What the targets that hold the precompiled headers of tests are made of.
