"""What runs in the client processes; it imports little, for each of them starts anew."""
