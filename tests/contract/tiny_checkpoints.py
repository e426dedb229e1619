"""Zero-shot detectors with random weights, a few hundred kilobytes each, saved as their authors' files are.

Weights are drawn wider than the library draws them, so that boxes and scores differ from image to image.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForZeroShotObjectDetection,
    BertConfig,
    BertTokenizer,
    CLIPTextConfig,
    CLIPTokenizer,
    DetrImageProcessor,
    GroundingDinoConfig,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    MMGroundingDinoConfig,
    OmDetTurboConfig,
    OmDetTurboProcessor,
    Owlv2Config,
    Owlv2ImageProcessor,
    Owlv2Processor,
    OwlViTConfig,
    OwlViTImageProcessor,
    OwlViTProcessor,
    SwinConfig,
)

from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.teachers import open_teacher

WORDS = ("a", "bolt", "nut", "red", "round", "washer", "gear", "detect", "box", "t", "shirt", ",", "-")
PROMPTS = ("red bolt", "a round nut", "gear")
CLASSES = (PROMPTS[:2], PROMPTS[2:])
LANDSCAPE, PORTRAIT = (48, 64, 3), (100, 60, 3)
SIDE = 64
SPREAD = 0.08
DETR_LIKE = ("grounding-dino", "mm-grounding-dino", "omdet-turbo")


def save(family: str, folder: Path, seed: int = 0) -> Path:
    """A checkpoint of the family in a folder of that name."""
    torch.manual_seed(seed)
    config, processor = FAMILIES[family]()
    model = AutoModelForZeroShotObjectDetection.from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if family in DETR_LIKE:
                weight.add_(torch.randn_like(weight) * SPREAD)
            elif "box_head.dense2" in name or "logit_" in name:
                weight.normal_(std=SPREAD)
    model.save_pretrained(folder / family)
    processor.save_pretrained(folder / family)
    return folder / family


def teacher(checkpoint: Path, classes: Sequence[Sequence[str]] = CLASSES, **spec: Any) -> Any:
    """The checkpoint opened as a teacher that keeps every score, with these prompts a class."""
    said = {"threshold": 0.0, "batch": 4, "device": "cpu", **spec}
    named = (ObjectClass(f"class {i}", tuple(each), "#e6194b") for i, each in enumerate(classes))
    return open_teacher(TeacherSpec("transformers", str(checkpoint), **said), Ontology(tuple(named)), None)


def picture(shape: tuple[int, ...], seed: int = 0) -> Image:
    """Noise of that shape."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _clip_tokenizer(length: int) -> CLIPTokenizer:
    letters = sorted({letter for word in WORDS for letter in word} | set(".abcdefghijklmnopqrstuvwxyz0123456789"))
    tokens = ["!", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    vocab = {token: index for index, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=length)


def _clip_ends(tokenizer: CLIPTokenizer) -> dict[str, int]:
    size = len(tokenizer)
    return {"vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1}


def _bert_tokenizer() -> BertTokenizer:
    """The model finds separators by BERT's own numbers: 101 [CLS], 102 [SEP], 1012 '.', 1029 '?'."""
    known = {0: "[PAD]", 100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 103: "[MASK]", 1012: ".", 1029: "?"}
    known |= {200 + index: word for index, word in enumerate(WORDS)}
    known |= {300 + index: f"##{letter}" for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}
    known |= {400 + index: letter for index, letter in enumerate("bcdefghijklmnopqrsuvwxyz0123456789")}
    return BertTokenizer(vocab={known.get(index, f"[unused{index}]"): index for index in range(1030)})


def _swin(indices: tuple[int, ...], depths: tuple[int, ...]) -> SwinConfig:
    return SwinConfig(
        embed_dim=8, depths=depths, num_heads=(2,) * len(depths), window_size=4, image_size=SIDE,
        out_indices=indices,
    )  # fmt: skip


def _dino(config: type[Any], max_text_len: int = 32) -> tuple[Any, Any]:
    size = {"shortest_edge": 2 * SIDE, "longest_edge": 3 * SIDE}
    processor = GroundingDinoProcessor(GroundingDinoImageProcessor(size=size), _bert_tokenizer())
    return config(
        backbone_config=_swin((2, 3, 4), (1, 1, 1, 1)),
        text_config=BertConfig(
            vocab_size=1030, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
        ),
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=12,
        encoder_attention_heads=4, decoder_attention_heads=4, max_text_len=max_text_len,
    ), processor  # fmt: skip


def _owl(config: type[Any], processor: type[Any], images: type[Any]) -> tuple[Any, Any]:
    tokenizer = _clip_tokenizer(16)
    width = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**width, **_clip_ends(tokenizer)}
    vision = {**width, "image_size": SIDE, "patch_size": 8}
    side = {"height": SIDE, "width": SIDE}
    return (
        config(text_config=text, vision_config=vision, projection_dim=32),
        processor(images(size=side), tokenizer),
    )


def _omdet() -> tuple[Any, Any]:
    tokenizer = _clip_tokenizer(77)
    text = CLIPTextConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, projection_dim=16,
        max_position_embeddings=77, **_clip_ends(tokenizer),
    )  # fmt: skip
    config = OmDetTurboConfig(
        text_config=text, backbone_config=_swin((1, 2, 3), (1, 1, 1)), image_size=SIDE,
        apply_layernorm_after_vision_backbone=False, text_projection_in_dim=16, text_projection_out_dim=16,
        class_embed_dim=16, task_encoder_hidden_dim=32,
        vision_features_channels=(32, 32, 32), encoder_in_channels=(8, 16, 32), encoder_hidden_dim=32,
        decoder_hidden_dim=32, encoder_attention_heads=2, decoder_num_heads=2, encoder_dim_feedforward=32,
        decoder_dim_feedforward=32, decoder_num_layers=2, num_queries=12,
    )  # fmt: skip
    size = {"height": SIDE, "width": SIDE}
    return config, OmDetTurboProcessor(DetrImageProcessor(size=size, do_pad=False), tokenizer)


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "grounding-dino": lambda: _dino(GroundingDinoConfig),
    "mm-grounding-dino": lambda: _dino(MMGroundingDinoConfig),
    "omdet-turbo": _omdet,
    "owlv2": lambda: _owl(Owlv2Config, Owlv2Processor, Owlv2ImageProcessor),
    "owlvit": lambda: _owl(OwlViTConfig, OwlViTProcessor, OwlViTImageProcessor),
}
