"""The round as a page: what it cost, what it brought, what people are asked, and what to do next."""
