"""Recognition of service: stars, certificates, statistics, assessment."""
