// libechelon_torch.so calls itself libtorch.so and holds nothing. A package that PyTorch compiled wants a
// library of that name; that of LibTorch brings the CUDA libraries along, which the package does not use.
// What it does use, libtorch_cpu.so, is loaded already.
