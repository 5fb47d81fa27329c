"""What methods are built with: batches of pictures, threads, distances; and the conformance tests."""
