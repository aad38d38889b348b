"""How a photograph loses its pixels: kernels, resampling, noise, and the best linear way back."""
