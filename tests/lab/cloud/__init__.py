"""The lab's AWS account: moto, the function in its execution environments, and what stands before them."""
