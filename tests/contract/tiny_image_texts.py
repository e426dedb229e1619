"""Models of pictures and text with random weights, whose scores differ from picture to picture."""

from pathlib import Path

import torch
from transformers import AutoModel, CLIPConfig, CLIPImageProcessor, CLIPProcessor

from tests.contract import tiny_embedders
from tests.contract.tiny_words import clip_ends, clip_tokenizer

SIDE, LETTERS = 56, 64
KINDS = ("clip", "siglip", "siglip2")


def save_image_text(kind: str, folder: Path) -> Path:
    """A checkpoint in a folder of that name."""
    return _save_clip(folder) if kind == "clip" else tiny_embedders.save(kind, folder)


def _save_clip(folder: Path) -> Path:
    """One that reads sentences letter by letter."""
    torch.manual_seed(0)
    tokenizer = clip_tokenizer(LETTERS)
    width = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**width, **clip_ends(tokenizer), "max_position_embeddings": LETTERS}
    vision = {**width, "image_size": SIDE, "patch_size": 14}
    model = AutoModel.from_config(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.08)
    pictures = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    model.save_pretrained(folder / "clip")
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder / "clip")
    return folder / "clip"
