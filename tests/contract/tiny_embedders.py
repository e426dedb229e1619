"""Embedders with random weights, a few hundred kilobytes each, saved as their authors' files are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BitImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPProcessor,
    Dinov2Config,
    DINOv3ViTConfig,
    DINOv3ViTImageProcessor,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2ImageProcessor,
    Siglip2Processor,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipProcessor,
)

from nightshift.domain.embedding import EmbedderSpec
from nightshift.embedders import open_embedder
from tests.contract.tiny_words import WORDS, clip_ends, clip_tokenizer

SIDE, PATCH, TEXT = 56, 14, 16
SPREAD = 0.08
WIDTH = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}


def save(kind: str, folder: Path) -> Path:
    """A checkpoint in a folder of that name."""
    torch.manual_seed(0)
    config, processor = KINDS[kind][1]()
    model = AutoModel.from_config(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * SPREAD)  # wider than the library draws, so that pictures differ
    model.save_pretrained(folder / kind)
    processor.save_pretrained(folder / kind)
    return folder / kind


def embedder(kind: str, checkpoint: Path, **spec: Any) -> Any:
    """The checkpoint, opened."""
    said = {"batch": 4, "device": "cpu", **spec}
    return open_embedder(EmbedderSpec(KINDS[kind][0], str(checkpoint), **said))


def _dinov2() -> tuple[Any, Any]:
    size = {"shortest_edge": 64}
    crop = {"height": SIDE, "width": SIDE}
    return Dinov2Config(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, mlp_ratio=2, image_size=SIDE, patch_size=PATCH
    ), BitImageProcessor(size=size, crop_size=crop)


def _dinov3() -> tuple[Any, Any]:
    config = DINOv3ViTConfig(**WIDTH, image_size=SIDE, patch_size=PATCH, num_register_tokens=2)
    return config, DINOv3ViTImageProcessor(size={"height": SIDE, "width": SIDE})


def _clip() -> tuple[Any, Any]:
    tokenizer = clip_tokenizer(TEXT)
    text = {**WIDTH, **clip_ends(tokenizer), "max_position_embeddings": TEXT}
    vision = {**WIDTH, "image_size": SIDE, "patch_size": PATCH}
    pictures = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=24), CLIPProcessor(pictures, tokenizer)


def _words() -> PreTrainedTokenizerFast:
    """One token a word, and an end, as SigLIP's tokenizers put one."""
    vocab = {each: i for i, each in enumerate(("<pad>", "<eos>", "<unk>", *WORDS))}
    made = Tokenizer(models.WordLevel(vocab, "<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    ends = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    names = {"model_input_names": ["input_ids"], "model_max_length": TEXT}
    return PreTrainedTokenizerFast(tokenizer_object=made, **ends, **names)


def _siglip() -> tuple[Any, Any]:
    tokenizer = _words()
    text = {**WIDTH, "vocab_size": len(tokenizer), "max_position_embeddings": TEXT, "projection_size": 32}
    vision = {**WIDTH, "image_size": SIDE, "patch_size": PATCH}
    pictures = SiglipImageProcessor(size={"height": SIDE, "width": SIDE})
    return SiglipConfig(text_config=text, vision_config=vision), SiglipProcessor(pictures, tokenizer)


def _siglip2() -> tuple[Any, Any]:
    tokenizer = _words()
    text = {**WIDTH, "vocab_size": len(tokenizer), "max_position_embeddings": TEXT, "projection_size": 32}
    vision = {**WIDTH, "num_patches": 16, "patch_size": 16}
    pictures = Siglip2ImageProcessor(patch_size=16, max_num_patches=256)  # its processor knows no other
    return Siglip2Config(text_config=text, vision_config=vision), Siglip2Processor(pictures, tokenizer)


# checkpoint → (the family that opens it, what it is made of)
KINDS: dict[str, tuple[str, Callable[[], tuple[Any, Any]]]] = {
    "dinov2": ("dinov2", _dinov2),
    "dinov3": ("dinov2", _dinov3),
    "clip": ("clip", _clip),
    "siglip": ("clip", _siglip),
    "siglip2": ("clip", _siglip2),
}
