"""Trains Hugging Face's Mask2Former for FreeMask: python3 mask2former.py JOB.json

Reads the job file and the COCO panoptic data set that FreeMask writes, reports progress as JSON lines on standard output, writes
checkpoints, stops after one at SIGTERM, and leaves a model folder. The protocol is described in docs/trainers.md.
"""

import json
import math
import os
import random
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoConfig, Mask2FormerConfig, Mask2FormerForUniversalSegmentation

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IGNORE = 255
BACKBONE_RATE, WEIGHT_DECAY, CLIP = 0.3, 0.05, 1.0
LARGEST_SCALE, LARGEST_COLOR = 1.35, 0.2
CHECKPOINTS_KEPT = 2


def send(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Samples:
    """The images and label maps of one part of the data set, scaled to the training size as they are read."""

    def __init__(self, folder, part, size):
        with open(folder / part["annotations"], encoding="utf-8") as file:
            document = json.load(file)
        names = {image["id"]: image["file_name"] for image in document["images"]}
        self.entries = [
            (folder / part["images"] / names[entry["image_id"]], folder / part["segments"] / entry["file_name"], entry["segments_info"])
            for entry in document["annotations"]
        ]
        self.size = size

    def __len__(self):
        return len(self.entries)

    def load(self, index):
        image_path, segments_path, segments = self.entries[index]
        image = Image.open(image_path).convert("RGB").resize((self.size, self.size), Image.Resampling.BILINEAR)
        ids = Image.open(segments_path).convert("RGB").resize((self.size, self.size), Image.Resampling.NEAREST)
        ids = numpy.asarray(ids).astype(numpy.int64) @ numpy.array([1, 256, 65536])
        # Segment 0 is unknown.
        labels = numpy.full(ids.shape, IGNORE, numpy.int64)
        for segment in segments:
            labels[ids == segment["id"]] = segment["category_id"]
        return torch.from_numpy(numpy.array(image)).permute(2, 0, 1), torch.from_numpy(labels)

    def batch(self, indices, pool):
        images, labels = zip(*pool.map(self.load, indices))
        return torch.stack(images), torch.stack(labels)


def order(count, batch, seed, first, last):
    """The samples of each step: a new permutation for each pass over the data set, which depends on the seed alone."""
    epoch, permutation = -1, []
    for step in range(first, last):
        indices = []
        for position in range(step * batch, (step + 1) * batch):
            if position // count != epoch:
                epoch, permutation = position // count, list(range(count))
                random.Random(f"{seed}/{epoch}").shuffle(permutation)
            indices.append(permutation[position % count])
        yield indices


def augment(images, labels, generator):
    """Mirrors, scales, shifts and recolors each image; what lies outside of it is grey and unknown."""
    count, device = len(images), images.device

    def uniform(low, high, *shape):
        return torch.rand(*shape, generator=generator).to(device) * (high - low) + low

    scale = LARGEST_SCALE ** uniform(-1, 1, count)
    mirror = torch.where(uniform(0, 1, count) < 0.5, -1.0, 1.0)
    shift = uniform(-1, 1, count, 2) * (1 - 1 / scale).abs()[:, None]
    matrix = torch.zeros(count, 2, 3, device=device)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = mirror / scale, 1 / scale, shift
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    # Values are moved by the padding's, so that what is outside becomes the padding.
    images = F.grid_sample(images - 128, grid, mode="bilinear", align_corners=False)
    labels = F.grid_sample(labels[:, None].float() - IGNORE, grid, mode="nearest", align_corners=False)[:, 0].round().long() + IGNORE
    contrast = 1 + uniform(-LARGEST_COLOR, LARGEST_COLOR, count, 1, 1, 1)
    cast = 1 + uniform(-LARGEST_COLOR, LARGEST_COLOR, count, 3, 1, 1) / 2
    brightness = 128 * uniform(-LARGEST_COLOR, LARGEST_COLOR, count, 1, 1, 1)
    return (images * contrast * cast + 128 + brightness).clamp(0, 255), labels


def normalize(images):
    mean, std = (torch.tensor(values, device=images.device).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (images / 255 - mean) / std


def targets(labels):
    """One mask for each class that an image shows."""
    classes = [image.unique() for image in labels]
    classes = [present[present != IGNORE] for present in classes]
    return [(image[None] == present[:, None, None]).float() for image, present in zip(labels, classes)], classes


def start(job, folder, names):
    """The model to begin with: a Mask2Former, the backbone of a classifier, or fresh weights."""
    labels = {"id2label": names, "label2id": {name: index for index, name in names.items()}}
    if job["resume"]:
        return Mask2FormerForUniversalSegmentation.from_pretrained(str(folder / job["resume"]))
    init = job["init"]
    if init is None:
        return Mask2FormerForUniversalSegmentation(Mask2FormerConfig(**labels))
    path = folder / init["folder"]
    if init["type"] == "mask2former":
        # A head for other classes starts anew.
        return Mask2FormerForUniversalSegmentation.from_pretrained(str(path), **labels, ignore_mismatched_sizes=True)
    # The files are read here: AutoBackbone.from_pretrained asks a hub for some folders.
    fields = json.loads((path / "config.json").read_text(encoding="utf-8"))
    others = ("model_type", "architectures", "out_indices", "id2label", "label2id")
    kept = {name: value for name, value in fields.items() if name not in others}
    backbone = AutoConfig.for_model(init["type"], **{**kept, "out_features": ["stage1", "stage2", "stage3", "stage4"]})
    model = Mask2FormerForUniversalSegmentation(Mask2FormerConfig(backbone_config=backbone, **labels))
    prefix = init["type"] + "."
    weights = {name.removeprefix(prefix): value for name, value in load_file(path / "model.safetensors").items() if name.startswith(prefix)}
    missing = model.model.pixel_level_module.encoder.load_state_dict(weights, strict=False).missing_keys
    # The norms of a Swin's four maps are the segmenter's own.
    missing = [name for name in missing if not name.startswith("hidden_states_norms.")]
    if missing:
        sys.exit(f"{path} lacks the weights {', '.join(missing[:8])} of a {init['type']}.")
    return model


def parameters(model, rate):
    """The backbone learns more slowly; biases, norms and embeddings do not decay."""
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            share = BACKBONE_RATE if ".encoder." in name and "pixel_level_module" in name else 1.0
            decay = WEIGHT_DECAY if parameter.dim() > 1 and "queries_" not in name and "level_embed" not in name else 0.0
            groups.setdefault((share, decay), []).append(parameter)
    return [
        {"params": members, "lr": rate * share, "weight_decay": decay, "share": share} for (share, decay), members in groups.items()
    ]


def loss_of(model, images, labels, autocast):
    with autocast():
        output = model(pixel_values=images, output_auxiliary_logits=True)
    masks, classes = targets(labels)
    # The loss needs the range of float32.
    auxiliary = [{name: values.float() for name, values in layer.items()} for layer in output.auxiliary_logits]
    return model.get_loss(
        model.get_loss_dict(output.masks_queries_logits.float(), output.class_queries_logits.float(), masks, classes, auxiliary)
    )


@torch.no_grad()
def mean_iou(model, samples, batch, device, autocast, pool):
    """Mean IoU over the classes that occur, from the class probabilities of the queries weighted by their masks."""
    model.eval()
    count = model.config.num_labels
    confusion = torch.zeros(count, count, dtype=torch.int64)
    for first in range(0, len(samples), batch):
        images, labels = samples.batch(range(first, min(first + batch, len(samples))), pool)
        with autocast():
            output = model(pixel_values=normalize(images.to(device).float()))
        classes = output.class_queries_logits.float().softmax(-1)[..., :-1]
        masks = F.interpolate(output.masks_queries_logits.float().sigmoid(), labels.shape[-2:], mode="bilinear", align_corners=False)
        seen = torch.einsum("bqc,bqhw->bchw", classes, masks).argmax(1).cpu()
        known = labels != IGNORE
        confusion += torch.bincount(labels[known] * count + seen[known], minlength=count * count).view(count, count)
    model.train()
    union = confusion.sum(0) + confusion.sum(1) - confusion.diag()
    occurs = confusion.sum(1) > 0
    return (confusion.diag()[occurs] / union[occurs]).mean().item()


def save_checkpoint(folder, job, step, model, optimizer):
    """Written under another name first: a checkpoint is either whole or absent."""
    relative = f"{job['checkpoints']}/step-{step}"
    target = folder / relative
    incoming = target.with_name(target.name + ".new")
    shutil.rmtree(incoming, ignore_errors=True)
    model.save_pretrained(str(incoming))
    torch.save({"step": step, "optimizer": optimizer.state_dict()}, incoming / "state.pt")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(incoming, target)
    send("checkpoint", step=step, folder=relative)
    steps = sorted((int(path.name[5:]), path) for path in target.parent.glob("step-*") if path.name[5:].isdigit())
    for _, path in steps[:-CHECKPOINTS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def main():
    path = Path(sys.argv[1]).resolve()
    folder, job = path.parent, json.loads(path.read_text(encoding="utf-8"))
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    device = torch.device(
        "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    )
    if device.type == "cpu":
        torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    names = {category["id"]: category["name"] for category in job["classes"]}

    def autocast():
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")

    model = start(job, folder, names).to(device).train()
    optimizer = torch.optim.AdamW(parameters(model, job["learningRate"]))
    first = 0
    if job["resume"]:
        state = torch.load(folder / job["resume"] / "state.pt", map_location=device, weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]

    train = Samples(folder, job["dataset"]["train"], job["size"])
    val = Samples(folder, job["dataset"]["val"], job["size"]) if job["dataset"]["val"] else None
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    send("message", text=f"{len(train)} images of {job['size']} pixels on {where}, torch {torch.__version__}, from step {first}")
    steps, batch = job["steps"], job["batch"]
    with ThreadPoolExecutor() as readers, ThreadPoolExecutor(1) as ahead:
        if val:
            send("message", text=f"validation mIoU {mean_iou(model, val, batch, device, autocast, readers):.4f} before step {first + 1}")
        began, done = time.monotonic(), 0
        batches = order(len(train), batch, job["seed"], first, steps)
        following = ahead.submit(train.batch, next(batches), readers) if first < steps else None
        for step in range(first, steps):
            images, labels = following.result()
            indices = next(batches, None)
            following = ahead.submit(train.batch, indices, readers) if indices else None
            generator = torch.Generator().manual_seed(job["seed"] * 1_000_003 + step)
            images, labels = augment(images.to(device).float(), labels.to(device), generator)
            for group in optimizer.param_groups:
                group["lr"] = job["learningRate"] * group["share"] * (1 - step / steps)
            loss = loss_of(model, normalize(images), labels, autocast)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            value = loss.item()
            if not math.isfinite(value):
                sys.exit(f"The loss of step {step + 1} is not finite; lower training.learningRate ({job['learningRate']}).")
            done += 1
            send("progress", step=step + 1, loss=value)
            if stopped or ((step + 1) % job["checkpointSteps"] == 0 and step + 1 < steps):
                save_checkpoint(folder, job, step + 1, model, optimizer)
            if stopped:
                return
        if done:
            speed = done * batch / (time.monotonic() - began)
            memory = f", {torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB at most" if device.type == "cuda" else ""
            send("message", text=f"{speed:.1f} images/s{memory}")
        if val:
            send("message", text=f"validation mIoU {mean_iou(model, val, batch, device, autocast, readers):.4f} after step {steps}")
    model.save_pretrained(str(folder / job["output"]))


if __name__ == "__main__":
    main()
