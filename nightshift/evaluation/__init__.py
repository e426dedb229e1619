"""How good is a student: average precision, whether one beats another, what it confuses. No models here."""
