"""What a Lambda function stands on: settings, logging, metrics, clients, HTTP mapping."""
