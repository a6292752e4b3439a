"""Orders, as the app and Gateway write them."""
