"""The product deployed with the real CDK command line to an emulated AWS, used, changed and destroyed again."""
