"""Tokenizers of a few hundred tokens, of each kind that a teacher reads with."""

from transformers import BertTokenizer, CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

WORDS = ("a", "bolt", "nut", "red", "round", "washer", "gear", "detect", "box", "t", "shirt", ",", "-")
PROMPTS = ("red bolt", "a round nut", "gear")


def clip_tokenizer(length: int) -> CLIPTokenizer:
    """Letter by letter."""
    letters = sorted({letter for word in WORDS for letter in word} | set(".abcdefghijklmnopqrstuvwxyz0123456789"))
    tokens = ["!", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocab = {token: index for index, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=length)


def clip_ends(tokenizer: CLIPTokenizer) -> dict[str, int]:
    """What a configuration says of it."""
    size = len(tokenizer)
    return {"vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1}


def bert_tokenizer() -> BertTokenizer:
    """The model finds separators by BERT's own numbers: 101 [CLS], 102 [SEP], 1012 '.', 1029 '?'."""
    known = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?"}
    known |= {200 + index: word for index, word in enumerate(WORDS)}
    known |= {300 + index: f"##{letter}" for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
    known |= {400 + index: letter for index, letter in enumerate("bcdefghijklmnopqrsuvwxyz0123456789")}
    return BertTokenizer(vocab={known.get(index, f"[unused{index}]"): index for index in range(1030)})


def byte_vocab(*before: str) -> dict[str, int]:
    """Some tokens, then one for each byte."""
    return {token: index for index, token in enumerate([*before, *bytes_to_unicode().values()])}
