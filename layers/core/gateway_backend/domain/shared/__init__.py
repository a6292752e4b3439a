"""What every subject uses: errors, exact numbers and JSON, instants."""
